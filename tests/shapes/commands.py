"""Which tools a RUN calls, and how it calls the ones that install something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.shapes.tables import Table, search, sentences, table

if TYPE_CHECKING:
    from tests.shapes.view import View

# The names of programs that make a class, by class.
_TOOLS = {
    "apt-get": "apt-get",
    "apt": "apt",
    "apt's helpers": "apt-key add-apt-repository apt-add-repository apt-mark apt-cache aptitude gdebi",
    "dpkg": "dpkg dpkg-reconfigure dpkg-divert dpkg-buildpackage dpkg-query debconf-set-selections",
    "yum": "yum yum-config-manager",
    "dnf": "dnf microdnf tdnf",
    "zypper": "zypper",
    "rpm": "rpm rpmbuild",
    "apk": "apk",
    "pacman": "pacman makepkg yaourt yay",
    "emerge or nix": "emerge nix nix-env nix-shell nix-build",
    "opkg or brew": "opkg brew linuxbrew",
    "install_packages": "install_packages apt-install apk-install clean-install",
    "pip": "pip pip2 pip3 easy_install easy_install3 pip2.7 pip3.6 pip3.7",
    "pipenv or poetry": "pipenv poetry pdm hatch",
    "uv": "uv",
    "virtualenv": "virtualenv venv mkvirtualenv",
    "conda": "conda mamba micromamba activate",
    "python": "python python2 python3 python2.7 python3.5 python3.6 python3.7 python3.8 python3.9 pypy ipython",
    "npm": "npm npx cnpm",
    "yarn": "yarn",
    "pnpm or corepack": "pnpm corepack",
    "bower, gulp or grunt": "bower gulp grunt ng yo webpack tsc brunch",
    "node": "node nodejs",
    "nvm": "nvm n fnm",
    "gem": "gem",
    "bundle": "bundle bundler",
    "rake or rails": "rake rails",
    "ruby": "ruby rbenv rvm jruby",
    "go": "go",
    "go's old helpers": "dep godep glide govendor go-wrapper gox",
    "cargo": "cargo rustc xargo",
    "rustup": "rustup rustup-init rustup-init.sh",
    "maven": "mvn mvnw",
    "gradle": "gradle gradlew",
    "ant, sbt or lein": "ant sbt lein scala scalac mill activator grails",
    "java": "java javac jar keytool jlink native-image sdk",
    "composer": "composer composer.phar",
    "php": "php php5enmod phpenmod phpunit drush artisan",
    "php's image helpers": "docker-php-ext-install docker-php-ext-configure docker-php-ext-enable docker-php-source",
    "pecl or pear": "pecl pear phpize",
    "dotnet": "dotnet nuget msbuild xbuild mono",
    "mix": "mix rebar rebar3 elixir",
    "stack or cabal": "stack cabal ghc ghcup",
    "swift": "swift swiftenv",
    "dart": "dart pub flutter",
    "deno": "deno",
    "bun": "bun bunx",
    "cpan": "cpan cpanm carton",
    "perl": "perl",
    "R": "R Rscript install2.r r",
    "julia": "julia",
    "opam": "opam dune esy",
    "crystal or nim": "crystal shards nimble nim dub ldc2 zig",
    "lua": "luarocks lua luajit",
    "bazel": "bazel bazelisk buck",
    "make": "make gmake",
    "configure": "configure autogen.sh autoreconf bootstrap bootstrap.sh config Configure buildconf",
    "cmake": "cmake ctest ninja meson qmake scons waf",
    "compiler": "gcc g++ cc clang clang++ c++ ld ar",
    "strip or upx": "strip upx",
    "ldconfig": "ldconfig",
    "patch": "patch",
    "git": "git",
    "hg or svn": "hg svn bzr",
    "curl": "curl",
    "wget": "wget",
    "tar": "tar",
    "unzip": "unzip 7z unrar gunzip bunzip2 xz",
    "gpg": "gpg gpg2 gpgconf gpgv",
    "checksum": "sha256sum sha512sum sha1sum md5sum sha384sum shasum",
    "useradd": "useradd usermod groupadd groupmod",
    "adduser": "adduser addgroup deluser delgroup",
    "passwd": "chpasswd passwd gpasswd chsh",
    "chown": "chown chgrp",
    "chmod": "chmod setcap setfacl",
    "mkdir": "mkdir install mktemp",
    "ln": "ln update-alternatives",
    "mv or cp": "mv cp rsync rename",
    "rm": "rm unlink rmdir",
    "locale": "locale-gen localedef update-locale",
    "certificates": "update-ca-certificates update-ca-trust c_rehash openssl",
    "ssh": "ssh ssh-keygen ssh-keyscan sshd scp",
    "service": "service systemctl update-rc.d invoke-rc.d rc-update supervisorctl supervisord",
    "cron": "crontab cron",
    "apache": "a2enmod a2ensite a2dissite a2dismod a2enconf apachectl",
    "nginx": "nginx caddy httpd",
    "database": "mysql mysqld mysqladmin mysqld_safe psql createdb createuser pg_ctl mongod redis-cli sqlite3",
    "docker": "docker docker-compose kubectl helm terraform",
    "cloud": "aws gcloud az gsutil",
    "config managers": "ansible-playbook ansible puppet chef-solo chef-client salt-call berks",
    "browser": "chromium google-chrome firefox xvfb-run Xvfb x11vnc playwright",
    "android": "sdkmanager android avdmanager",
    "ros": "rosdep colcon catkin_make wstool vcs catkin",
    "jupyter": "jupyter nbdime ipcluster",
    "fuzzing": "compile corpus-replicator zip build_fuzzer bash_unit",
    "tests": "pytest tox rspec phpunit jest mocha bats prove",
    "sleep": "sleep wait sync",
}  # fmt: skip
_CLASS_OF = {name: f"tools: {label}" for label, names in _TOOLS.items() for name in names.split()}

TABLE: Table = table(
    r"""
    git: clone -- git clone.
        call git ~ \sclone\s
    git: shallow -- A shallow clone.
        call git has --depth
    git: recursive -- Submodules.
        call git ~ --recurs\w*|submodule
    git: checkout -- A certain version.
        call git ~ \s(?:checkout|reset|switch|--branch|-b)\s
    git: config -- git config.
        call git ~ \sconfig\s
    git: password -- A password in an address.
        shell ~ https?://[^/\s@]+:[^/\s@]+@
    curl: into a file -- A file from the net.
        call curl ~ \s-\w*[oO]|--output|--remote-name
    curl: silent -- Options that make it fit for scripts.
        call curl ~ \s-\w*[sSfL]\w*
    curl: without checks -- Without checking the certificate.
        call curl ~ --no-check-certificate|\s-\w*k\b|--insecure
    wget: quiet -- wget without words.
        call curl ~ ^wget\s.*(?:-q|--quiet|-nv)
    wget: to standard output -- wget into a pipe.
        call curl ~ ^wget\s.*-\w*O\s?-
    wget: header -- A header or a user.
        call curl ~ --header|-H\s+['\"]|--user-agent|--user=
    tar: strip components -- Without the outer folder.
        call tar has --strip
    tar: into a folder -- Into another folder.
        call tar ~ \s(?:-\w*C|--directory)
    gpg: key server -- A key from a key server.
        shell has --keyserver | --recv-keys | hkp:// | hkps://
    gpg: verify -- A signature is checked.
        call gpg ~ --?verify
    checksum: check -- A checksum is checked.
        call sum ~ \s-\w*c|--check
    account: system -- A system user.
        call user ~ ^\w+add\s.*(?:-r\b|--system)|^add\w+\s.*(?:-S|--system)
    account: by number -- A user with a number.
        call user ~ \s-(?:u|g|G|-uid|-gid)[\s=]?\d
    account: of Alpine -- adduser as BusyBox has it.
        call user ~ ^add\w+\s.*-(?:D|S)\b
    account: of Debian -- adduser as Debian has it.
        call user has --disabled-password | --gecos | --ingroup
    account: sudoers -- A rule for sudo.
        shell has /etc/sudoers | NOPASSWD
    account: password -- A password is set.
        shell has chpasswd | passwd --stdin | mkpasswd | -p $(
    locale: line -- A locale is made or set.
        shell has /etc/locale | LANG= | LC_ALL=
    time zone: line -- A time zone is set.
        shell has /etc/localtime | /etc/timezone | tzdata
    cleaning: temporary files -- Temporary files are removed.
        call rm ~ /tmp|/var/tmp|/\.cache|/root/\.\w+
    cleaning: sources -- What was downloaded is removed.
        call rm has .tar | .tgz | .zip | .deb | .gz | /usr/src | /src
    cleaning: documentation -- Documentation is removed.
        call rm ~ /usr/share/(?:doc|man|locale|info)
    make: jobs -- Several jobs at once.
        call make ~ \s-j
    make: install -- make install.
        call make ~ \sinstall
    link: into PATH -- A link into a folder of programs.
        call ln has /bin
    ssh: daemon set up -- An SSH daemon is set up.
        shell has sshd_config | /var/run/sshd | pam_loginuid | PermitRootLogin
    init: daemon in the build -- A daemon that runs while the image is built.
        shell ~ service\s+\w+\s+start|/etc/init\.d/\w+\s+(?:re)?start|mysqld\w*\s.*&(?:[^&]|$)|mongod\s.*--fork
    config: heredoc by echo -- A file of several lines from one echo or printf.
        call echo ~ \\n
    config: php ini -- A file of settings is changed.
        shell has php.ini | /conf.d/ | .ini
    config: nginx or apache -- A web server is set up.
        shell has nginx.conf | apache2 | httpd.conf | sites-available | sites-enabled
    config: bashrc -- A file that shells read.
        shell has .bashrc | .profile | /etc/profile | .zshrc | bash.bashrc
    config: capabilities -- Rights of a program are raised.
        call chmod ~ ^setcap|\s[ug]\+s|\s[24]\d{3}\b
    """
)

DESCRIPTIONS = {f"tools: {label}": f"A RUN calls {names.replace(' ', ', ')}." for label, names in _TOOLS.items()}
DESCRIPTIONS |= sentences(TABLE)
DESCRIPTIONS["tools: other"] = "A RUN calls something else."


def found(view: View) -> Iterator[str]:
    """The tools that a Dockerfile calls, and how."""
    if not view.shell_texts:
        return
    yield from search(TABLE, view)
    for program in view.programs:
        yield _CLASS_OF.get(program, "tools: other")
