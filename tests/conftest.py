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
# The user's own facts would have a say otherwise: commands of the tests look for them where there are none.
os.environ["XDG_DATA_HOME"] = os.path.join(os.path.dirname(__file__), "fixtures", "no-data")

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", ORDINARY))
