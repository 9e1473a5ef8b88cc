"""The sets of sites (`assets/urls.toml`), and the stand-in site that serves any of them on 127.0.0.1.

The stand-in site is a process of its own, `python -m threadviz.site`, so that it takes no time from what is
measured. Anybody may import `threadviz.site.sets`, what a set consists of; the command reads sets with
`threadviz.site.urls_file`. The server is reached through its process only.
"""
