from pathlib import Path

import pytest

from threadviz.ask import Asked, AskError, fitting, requests
from threadviz.site.urls_file import load
from threadviz.workloads import WORKLOADS

URLS = Path(__file__).parent / "data" / "sites.toml"


@pytest.mark.parametrize("workload", WORKLOADS)
def test_what_fits_can_be_run(workload: str) -> None:
    """All wishes at once come to a request under any workload; only those about fetching are left out, of some."""
    wishes = Asked(workload, 2, 3, "slow", URLS, True, 1.5, "portable")
    (request,) = requests(fitting(wishes), ["threads"])
    assert (request.workers, request.tasks, request.probe) == (2, 3, "portable")
    if WORKLOADS[workload].fetches:
        assert fitting(wishes) == wishes
        assert (request.online, request.timeout_s, len(request.sites)) == (True, 1.5, 1)
    else:
        assert (request.online, request.sites) == (False, ())


def test_a_workload_that_is_not_there() -> None:
    """It is left as it is, for `requests` to complain about."""
    wishes = Asked("nix", online=True)
    assert fitting(wishes) == wishes


def test_sets_that_were_read_already() -> None:
    """They are taken as they are: no file is looked for."""
    sets = load(URLS)
    asked = Asked(set_name="slow", urls=Path("no/such/file"))
    (request,) = requests(asked, ["threads"], sets)
    assert request.sites == sets["slow"].sites
    with pytest.raises(AskError, match="there is no set 'nix'"):
        requests(Asked(set_name="nix"), ["threads"], sets)
