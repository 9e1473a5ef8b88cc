"""The sets of sites (`assets/urls.toml`), and the stand-in site that serves any of them on 127.0.0.1.

The stand-in site is a process of its own, `python -m threadviz.mock_server`, so that it takes no time from what is
measured. Anybody may import `threadviz.mock_server.sites`, what a set consists of; the command reads sets with
`threadviz.mock_server.config`. The server is reached through its process only.
"""
