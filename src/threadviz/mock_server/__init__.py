"""Mock sites: sets of sites (`assets/urls.toml`), and a server that stands in for any of them on 127.0.0.1.

The server is a process of its own, `python -m threadviz.mock_server`, so that it takes no time from what is measured.
`sites` has the data types, `config` reads sets from a file.
"""
