"""The stand-ins for openjdk: Debian's OpenJDK 17, laid out as in the official images of Java 11.

The tags say 11, and the Java inside is Debian's 17, for bookworm has no 11. What the tests ask does not hang on that:
does the program run without the compiler, and without what the full image carries beside Java? Of the packages of
buildpack-deps the full images have those that tests may miss in a slim one; mercurial and subversion are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .stand_in import PATH, apt_install

if TYPE_CHECKING:
    from .stand_in import Maker

JDK_TAGS = ("openjdk:11", "openjdk:11-jdk")
JDK_SLIM_TAGS = ("openjdk:11-slim", "openjdk:11-jdk-slim")
JRE_TAGS = ("openjdk:11-jre",)
JRE_SLIM_TAGS = ("openjdk:11-jre-slim",)
TAGS = (*JDK_TAGS, *JDK_SLIM_TAGS, *JRE_TAGS, *JRE_SLIM_TAGS)
CURL_LAYER = ("ca-certificates", "curl", "gnupg", "netbase", "wget")
SCM_LAYER = ("git", "openssh-client", "procps")
# What the recipes of the official images add to these layers.
UNPACKERS = ("bzip2", "unzip", "xz-utils")
HOME = "/usr/local/openjdk-11"
JAVA = (
    f"RUN ln -s /usr/lib/jvm/java-17-openjdk-* {HOME}\n"
    f"ENV LANG=C.UTF-8 JAVA_HOME={HOME} JAVA_VERSION=11.0.16 PATH={HOME}/bin:{PATH}\n"
)


def settings() -> object:
    """Nothing of this machine but its Debian, which has a fingerprint of its own."""
    return None


def make(maker: Maker) -> None:
    """The smallest first: each of the others is it and some packages more."""
    maker.scratch.mkdir(exist_ok=True)
    jre, jdk = JRE_SLIM_TAGS[0], JDK_SLIM_TAGS[0]
    for tags, lines in (
        (JRE_SLIM_TAGS, f"FROM debian:bookworm-slim\n{apt_install('openjdk-17-jre-headless')}{JAVA}"),
        (JDK_SLIM_TAGS, f'FROM {jre}\n{apt_install("openjdk-17-jdk-headless")}CMD ["jshell"]\n'),
        (JRE_TAGS, f"FROM {jre}\n{apt_install(*CURL_LAYER, *UNPACKERS)}"),
        (JDK_TAGS, f"FROM {jdk}\n{apt_install(*CURL_LAYER, *SCM_LAYER, *UNPACKERS)}"),
    ):
        maker.build(tags, maker.scratch, lines)
