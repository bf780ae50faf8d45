"""Coverage-guided fuzzing: a long run that is started by hand or at night, never by the test suite."""
