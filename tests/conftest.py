"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# The same examples at every run, and no limit on time: a busy machine is no failure.
settings.register_profile(
    "house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")
