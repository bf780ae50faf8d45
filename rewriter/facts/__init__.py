"""Facts about images: which tags exist, what they stand for, how big they are, what they carry.

Everything here was read somewhere: the data files name the source and the date. Nothing is guessed from the form of
a tag.
"""

from rewriter.facts.counterparts import alpine_release_eol, alpine_tag, debian_slim, debian_suite_eol
from rewriter.facts.flavours import jre_tag, slim_tag, successor_tag
from rewriter.facts.images import CATALOGUE, Facts, ImageFacts
from rewriter.facts.records import FactsError, ImageConfig, ImageUser, Refusal, Size, TagChoice, Variants
from rewriter.facts.tags import ParsedTag, is_older_than, parse_tag

__all__ = [
    "CATALOGUE",
    "Facts",
    "FactsError",
    "ImageConfig",
    "ImageFacts",
    "ImageUser",
    "ParsedTag",
    "Refusal",
    "Size",
    "TagChoice",
    "Variants",
    "alpine_release_eol",
    "alpine_tag",
    "debian_slim",
    "debian_suite_eol",
    "is_older_than",
    "jre_tag",
    "parse_tag",
    "slim_tag",
    "successor_tag",
]
