"""The stand-ins for eclipse-temurin and maven: Debian's OpenJDK 17 and Maven, laid out as in the official images.

The official ones stand on Ubuntu; these stand on Debian, which has the same package manager and shell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .machine import ca_bundle
from .stand_in import PATH, apt_install

if TYPE_CHECKING:
    from .stand_in import Maker

JRE_TAGS = ("eclipse-temurin:17-jre", "eclipse-temurin:17-jre-noble", "eclipse-temurin:11-jre-jammy")
JDK_TAGS = ("eclipse-temurin:17", "eclipse-temurin:17-jdk")
MAVEN_TAGS = ("maven:3.9-eclipse-temurin-17",)
TAGS = (*JRE_TAGS, *JDK_TAGS, *MAVEN_TAGS)
JRE_PACKAGES = ("openjdk-17-jre-headless", "ca-certificates", "fontconfig", "tzdata")
HOME = "/opt/java/openjdk"
BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
JAVA = f"RUN mkdir -p /opt/java && ln -s /usr/lib/jvm/java-17-openjdk-* {HOME}\n"
ENVIRONMENT = f"ENV JAVA_HOME={HOME} PATH={HOME}/bin:{PATH} LANG=en_US.UTF-8 LC_ALL=C.UTF-8 JAVA_VERSION=jdk-17\n"


def settings() -> object:
    """Nothing of this machine but its Debian and its certificates, which have fingerprints of their own."""
    return None


def make(maker: Maker) -> None:
    """The JRE first; the JDK and Maven are it and some packages more."""
    maker.scratch.mkdir(exist_ok=True)
    # Java has a store of its own, which is made of single certificates.
    for place, text in enumerate(ca_bundle().decode().split(END)[:-1]):
        path = maker.scratch / "certificates" / f"{place}.crt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text[text.index(BEGIN) :] + END + "\n", encoding="utf-8")
    base = (
        f"FROM debian:bookworm-slim\n{apt_install(*JRE_PACKAGES)}"
        "COPY certificates /usr/local/share/ca-certificates\nRUN update-ca-certificates\n"
    )
    maker.build(JRE_TAGS, maker.scratch, f"{base}{JAVA}{ENVIRONMENT}")
    jdk = apt_install("openjdk-17-jdk-headless", "curl", "wget", "gnupg", "binutils")
    maker.build(JDK_TAGS, maker.scratch, f'FROM {JRE_TAGS[0]}\n{jdk}CMD ["jshell"]\n')
    maven = f"FROM {JDK_TAGS[0]}\n{apt_install('maven', 'git')}ENV MAVEN_HOME=/usr/share/maven MAVEN_CONFIG=/root/.m2\n"
    maker.build(MAVEN_TAGS, maker.scratch, f'{maven}CMD ["mvn"]\n')
