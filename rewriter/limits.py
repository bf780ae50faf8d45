"""Where dfrewrite stops: sizes that no person writes, past which a file is refused or a part of it is not followed.

The most seen in 10,787 public Dockerfiles (2026-11) were 145 kB, 363 instructions, 59 stages, and 10 kB in one RUN.
"""

MOST_INSTRUCTIONS = 2_000
MOST_STAGES = 500
MOST_TEXT = 500_000
"""Characters of all instructions with their heredocs; comments and blank lines between them do not count."""
MOST_LINES = 50_000

LONGEST_SCRIPT = 20_000
"""Characters of one shell text; a longer one is not understood, since on a wrong one the parser takes very long."""
LONGEST_GROWTH = 20_000
"""Characters that variables may add to the words of one instruction: values that hold one another grow without end."""
LONGEST_PATH = 4_096
"""Characters of a path; Linux takes no longer one, and so it counts as unknown."""
MOST_COPIES = 2_000
"""Files and folders that the COPY lines of one stage name; of more, none is followed."""
MOST_GLOB_LOOKS = 5_000_000
"""File names that the patterns of one stage's COPY lines are held against; then no pattern is followed any more."""
