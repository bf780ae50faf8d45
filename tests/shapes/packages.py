"""How a RUN installs packages: of the distribution and of languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.shapes.tables import Table, search, sentences, table

if TYPE_CHECKING:
    from tests.shapes.view import View

TABLE: Table = table(
    r"""
    apt: update -- The lists are read.
        call apt ~ \supdate
    apt: update alone -- A RUN that only reads the lists.
        shell ~ ^\s*apt(?:-get)?\s+(?:-\S+\s+)*update\s*(?:-\S+\s*)*$
    apt: upgrade -- Everything is upgraded.
        call apt ~ \s(?:dist-|full-)?upgrade
    apt: install -- Packages are installed.
        call apt ~ \sinstall\s
    apt: without -y -- Packages are installed without -y.
        call apt ~ ^\S+\s+install(?!.*\s(?:-\w*y\w*|--yes|--assume-yes|-qq)(?:\s|$))
    apt: option behind -- The option stands behind the packages.
        call apt ~ \sinstall\s+[a-z].*\s-(?:-yes|y)\b
    apt: no recommends -- Without what is only recommended.
        call apt has --no-install-recommends
    apt: version -- A package at a version.
        call apt ~ \sinstall\s.*\s[a-z][\w.+-]*=\S
    apt: version by pattern -- A package at a version by a pattern.
        call apt ~ \sinstall\s.*\s[a-z][\w.+-]*=\S*\*
    apt: force -- Checks are switched off.
        call apt has --force-yes | --allow-
    apt: variable -- Packages that a variable names.
        call apt ~ \sinstall\s.*\$
    apt: local file -- A package from a file.
        call apt ~ \sinstall\s.*/\S*\.deb
    apt: build-dep -- What a package needs to be built.
        call apt ~ \sbuild-dep
    apt: purge -- Packages are removed.
        call apt ~ \s(?:purge|remove|autoremove)
    apt: clean -- The downloads are removed.
        call apt ~ \s(?:auto)?clean
    apt: lists removed -- The lists are removed.
        call rm has /var/lib/apt
    apt: many packages -- 20 packages or more at once.
        call apt ~ \sinstall\s+(?:\S+\s+){20}
    apt: another source -- Another source of packages.
        shell has sources.list | add-apt-repository | apt-add-repository
    apt: key -- A key of another source.
        shell has apt-key | /keyrings/ | trusted.gpg | .asc
    apt: configuration -- A setting of apt.
        shell ~ apt\.conf|apt-get\s.*-o\s|dpkg\.cfg|preferences\.d
    apt: noninteractive -- Debian's front end is switched off for one command.
        shell has DEBIAN_FRONTEND=
    apt: https transport -- What apt needs for other sources.
        shell has apt-transport-https | software-properties-common
    apt: another machine -- Packages for another machine.
        shell has --add-architecture | :i386 | :armhf | :arm64 | crossbuild
    dpkg: file -- A package by dpkg.
        call dpkg ~ ^dpkg\s+(?:-\S+\s+)*(?:-i|--install|-iR)
    dpkg: answers -- Questions that are answered before.
        shell has debconf-set-selections
    apk: add -- Packages are installed.
        call apk ~ \sadd\b
    apk: no cache -- Without a cache.
        call apk has --no-cache
    apk: update -- The index is read.
        call apk ~ \bupdate|--update|-U\b
    apk: virtual -- A name for packages that go again.
        call apk ~ (?:--virtual|-t)[\s=]
    apk: del -- Packages are removed.
        call apk ~ \sdel\b
    apk: version -- A package at a version.
        call apk ~ \s[a-z][\w.-]*[=~<>]+\d
    apk: repository -- Another repository.
        shell ~ apk\s.*(?:--repository|-X)[\s=]|/etc/apk/repositories|@(?:edge|testing|community)
    apk: cache removed -- The cache is removed.
        call rm has /var/cache/apk
    apk: upgrade -- Everything is upgraded.
        call apk ~ \supgrade\b
    yum: install -- Packages are installed.
        call yum has install
    yum: group -- A group of packages.
        call yum ~ group\s*install|Development Tools
    yum: epel -- EPEL.
        call yum has epel
    yum: clean -- The cache is removed.
        call yum ~ \sclean
    yum: update -- Everything is upgraded.
        call yum ~ \s(?:update|upgrade)
    yum: localinstall -- A package from a file or an address.
        call yum ~ localinstall|\.rpm|https?://
    yum: nodocs -- Without documentation or weak dependencies.
        call yum has nodocs | install_weak_deps
    yum: software collections -- Software collections.
        shell has scl enable | scl_enable | /opt/rh/ | devtoolset
    rpm: address -- A package from an address.
        call rpm ~ https?://
    pip: install -- Packages are installed.
        call pip ~ \sinstall
    pip: requirements -- A list of packages.
        call pip ~ \s(?:-r|--requirement)
    pip: no cache -- Without a cache.
        call pip has --no-cache-dir
    pip: version -- A package at a version.
        call pip ~ [\w\]]==\d
    pip: quoted bound -- A bound in quotes.
        call pip ~ ['\"][\w\[\]-]+[<>=~!]+
    pip: editable -- An editable package.
        call pip ~ \s(?:-e|--editable)
    pip: the project -- The project itself.
        call pip ~ \sinstall\s(?:.*\s)?\.(?:\[|/|\s|$)
    pip: from git -- A package from git.
        call pip ~ git\+
    pip: index -- Another index.
        call pip ~ (?:--index-url|-i|--extra-index-url|--find-links|-f)\s
    pip: upgrade of itself -- pip upgrades itself.
        call pip ~ (?:-U|--upgrade)\s(?:.*\s)?['\"]?(?:pip|setuptools)
    pip: user or prefix -- Another place.
        call pip has --user | --prefix | --target | --break-system-packages
    pip: extras -- A package with extras.
        call pip ~ \w\[\w
    pip: bare bound -- A bound without quotes, which is a redirect.
        shell ~ pip[\d.]*\s+install[^\n&|;'"]*\s[\w-]+(?:>=?|<=?)\s?\d
    python: setup.py -- setup.py.
        call python has setup.py
    python: manage.py -- Django's manage.py.
        commands has manage.py
    python: venv -- A virtual environment.
        call venv ~ .
    python: one line -- A python of one line.
        call python ~ \s-c\s
    npm: install -- npm install.
        call npm ~ ^npm\s(?:.*\s)?(?:i|install|ci)\b
    npm: ci -- npm ci.
        call npm ~ ^npm\s+ci\b
    npm: global -- A global package.
        call npm ~ \s(?:-g|--global|global)\b
    npm: production -- Only what production needs.
        call npm ~ --(?:production|only=prod\w*|omit=dev)
    npm: run -- A script of the project.
        call npm ~ \s(?:run\s+\S|build)
    npm: cache -- The cache is removed.
        call npm ~ \scache\s+clean
    npm: registry -- Another registry.
        call npm has registry
    npm: unsafe -- Checks are switched off.
        call npm has --unsafe-perm | --allow-root | --legacy-peer-deps | --force
    npm: prune -- Development packages are removed.
        call npm ~ \sprune
    yarn: frozen -- The lock file may not change.
        call npm has --frozen-lockfile | --immutable | --pure-lockfile
    gem: no documentation -- Without documentation.
        call gem ~ --no-(?:rdoc|ri|document)
    bundle: without -- Options of bundle install.
        call bundle has --without | --deployment | --path | --jobs | -j
    bundle: config -- bundle config.
        call bundle ~ \sconfig
    composer: no dev -- Options of composer install.
        call composer has --no-dev | --optimize-autoloader | --prefer-dist
    """
)

BUILDS: Table = table(
    r"""
    go: build -- go build.
        call go ~ ^go\s+build
    go: install -- go install.
        call go ~ ^go\s+install
    go: get -- go get.
        call go ~ ^go\s+get
    go: mod -- go mod.
        call go ~ ^go\s+mod\s
    go: test -- go test, vet or generate.
        call go ~ ^go\s+(?:test|vet|fmt|generate|list|tool)
    go: ldflags -- Flags for the linker.
        call go has -ldflags
    go: CGO_ENABLED=0 -- Without C, for one command.
        commands has CGO_ENABLED=0
    go: static -- Flags that make it static, or tags.
        call go ~ -extldflags|-static\b|-installsuffix|-tags\s
    cargo: release -- A release build.
        call cargo has --release
    cargo: target -- A build for another target.
        call cargo has --target
    cargo: install -- cargo install.
        call cargo ~ \sinstall
    maven: skip tests -- Without tests.
        commands ~ -DskipTests|-Dmaven\.test\.skip|-x\s+test
    maven: offline -- Dependencies first.
        commands ~ dependency:(?:go-offline|resolve)|mvn\s.*-o\b
    dotnet: restore -- dotnet restore.
        call dotnet ~ \srestore
    dotnet: publish -- dotnet publish.
        call dotnet ~ \spublish
    """
)

DESCRIPTIONS = sentences(TABLE) | sentences(BUILDS)


def found(view: View) -> Iterator[str]:
    """How packages are installed."""
    if view.shell_texts:
        yield from search(TABLE, view)
        yield from search(BUILDS, view)
