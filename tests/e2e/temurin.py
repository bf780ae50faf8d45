"""The stand-ins for eclipse-temurin and maven: Debian's OpenJDK 17 and Maven, laid out as in the official images.

The official ones stand on Ubuntu; these stand on Debian, which has the same package manager and shell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .machine import ca_bundle
from .stand_in import CERTIFICATES, PATH, apt_install

if TYPE_CHECKING:
    from .stand_in import Maker

JRE_TAGS = ("eclipse-temurin:17-jre", "eclipse-temurin:17-jre-noble", "eclipse-temurin:11-jre-jammy")
JDK_TAGS = ("eclipse-temurin:17", "eclipse-temurin:17-jdk")
MAVEN_TAGS = ("maven:3.9-eclipse-temurin-17",)
TAGS = (*JRE_TAGS, *JDK_TAGS, *MAVEN_TAGS)
HOME = "/opt/java/openjdk"
JAVA = f"RUN mkdir -p /opt/java && ln -s /usr/lib/jvm/java-17-openjdk-* {HOME}\n"
ENVIRONMENT = f"ENV JAVA_HOME={HOME} PATH={HOME}/bin:{PATH} LANG=en_US.UTF-8 LC_ALL=C.UTF-8 JAVA_VERSION=jdk-17\n"


def settings() -> object:
    """Nothing of this machine but its Debian and its certificates, which have fingerprints of their own."""
    return None


def make(maker: Maker) -> None:
    """The JRE first; the JDK and Maven are it and some packages more."""
    maker.scratch.mkdir(exist_ok=True)
    (maker.scratch / "ca.crt").write_bytes(ca_bundle())
    base = (
        f"FROM debian:bookworm-slim\n{apt_install('openjdk-17-jre-headless', 'ca-certificates', 'fontconfig', 'tzdata')}"
        f"COPY ca.crt {CERTIFICATES}\nCOPY ca.crt /usr/local/share/ca-certificates/machine.crt\n"
        "RUN update-ca-certificates || true\n"
    )
    maker.build(JRE_TAGS, maker.scratch, f"{base}{JAVA}{ENVIRONMENT}")
    jdk = apt_install("openjdk-17-jdk-headless", "curl", "wget", "gnupg", "binutils")
    maker.build(JDK_TAGS, maker.scratch, f'FROM {JRE_TAGS[0]}\n{jdk}CMD ["jshell"]\n')
    maven = f"FROM {JDK_TAGS[0]}\n{apt_install('maven', 'git')}ENV MAVEN_HOME=/usr/share/maven MAVEN_CONFIG=/root/.m2\n"
    maker.build(MAVEN_TAGS, maker.scratch, f'{maven}CMD ["mvn"]\n')
