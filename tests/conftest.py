"""The profiles of the property tests: the same examples every time, or many others, and no verdict by the clock.

``HYPOTHESIS_PROFILE=nightly`` chooses the second.
"""

import os

from hypothesis import HealthCheck, settings

ORDINARY, NIGHTLY = "same every time", "nightly"
_CHECKS = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]

settings.register_profile(
    ORDINARY, derandomize=True, deadline=None, database=None, max_examples=150, suppress_health_check=_CHECKS
)
settings.register_profile(NIGHTLY, deadline=None, max_examples=2000, print_blob=True, suppress_health_check=_CHECKS)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", ORDINARY))
