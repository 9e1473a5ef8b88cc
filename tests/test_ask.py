from pathlib import Path

import pytest

from threadviz.ask import Asked, fitting, requests
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
