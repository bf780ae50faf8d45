"""Which image the last stage is from in the end, by what it is for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.shapes.view import View


# Matched against the image in lower case, without tag where the pattern ends in `$`.
_BASES: dict[str, tuple[str, str]] = {
    "scratch": (r"^scratch$", "nothing"),
    "variable": (r"\$", "what a variable says"),
    "alpine": (r"(?:^|/)(?:[\w-]+-)?alpine(?:-[a-z]\w*)?$", "Alpine"),
    "debian": (r"(?:^|/)(?:[\w-]+-)?debian$|raspbian|minideb", "Debian"),
    "ubuntu": (r"(?:^|/)(?:[\w-]+-)?ubuntu(?:-[a-z]\w*)?$|(?:^|/)trusty$", "Ubuntu"),
    "centos": (r"centos", "CentOS"),
    "fedora": (r"fedora", "Fedora"),
    "red hat": (r"(?:^|/)(?:ubi|rhel)[\d]|registry\.(?:access\.)?redhat", "Red Hat's own image"),
    "oracle linux": (r"oraclelinux|container-registry\.oracle", "Oracle Linux"),
    "amazon linux": (r"amazonlinux|amazoncorretto|lambci|lambda", "Amazon Linux"),
    "rocky or alma linux": (r"rockylinux|almalinux", "Rocky or Alma Linux"),
    "azure linux": (r"azurelinux|mariner", "Azure Linux"),
    "arch linux": (r"arch-?linux|(?:^|/)arch\b|base/devel", "Arch Linux"),
    "opensuse": (r"opensuse|(?:^|/)sle\w*$|bci", "openSUSE"),
    "photon": (r"photon", "Photon OS"),
    "gentoo or nixos": (r"gentoo|nixos|/nix$", "Gentoo or NixOS"),
    "busybox": (r"busybox", "BusyBox"),
    "distroless": (r"distroless|chiseled|chainguard|wolfi", "a distroless image"),
    "windows": (r"windows|nanoserver|servercore|/iis\b|dotnet-framework|microsoft/aspnet$", "Windows"),
    "phusion": (r"phusion|baseimage|s6-overlay|lsiobase|linuxserver", "a base image with its own init"),
    "raspberry": (r"resin|balena|rpi|raspberry|hypriot", "an image for small machines"),
    "cuda": (r"cuda|nvcr\.io|nvidia", "NVIDIA's CUDA"),
    "machine learning": (r"tensorflow|pytorch|mxnet|keras|caffe|torch|deepo|faiss|opencv", "a machine learning image"),
    "jupyter": (r"jupyter|notebook|binder|ipython", "Jupyter"),
    "conda": (r"conda|mamba", "conda"),
    "ros": (r"(?:^|/)ros2?$|gazebo|ros-", "ROS or Gazebo"),
    "fuzzing": (r"oss-fuzz|fuzz|aixcc", "a fuzzing image"),
    "exploit lab": (r"^vulhub|metasploit|kali|vulnerable", "an image made to be attacked"),
    "dev container": (r"devcontainer|gitpod|devcon\.", "a development container"),
    "ci": (
        r"circleci|cypress|buildkite|jenkins|gitlab|teamcity|cloud-builders|selenium|bitrise|autobuild|travis|concourse",
        "a CI image",
    ),
    "dependabot": (r"dependabot", "Dependabot's own image"),
    "go": (r"golang|(?:^|/)go$|/go[-:]", "Go"),
    "node": (r"node|(?:^|/)iojs|alinode|meteor|pm2", "Node"),
    "python": (r"python|django|(?:^|/)pypy|uwsgi|uvicorn|manylinux|flask|airflow|pandas", "Python"),
    "java": (r"java|jdk|jre|temurin|corretto|zulu|liberica|graalvm|jvm|openj9", "Java"),
    "maven": (r"maven", "Maven"),
    "gradle": (r"gradle", "Gradle"),
    "java server": (r"tomcat|jetty|wildfly|jboss|payara|glassfish|liberty|weblogic", "a server for Java programs"),
    "scala": (r"scala|sbt|(?:^|/)mill", "Scala"),
    "clojure": (r"clojure|lein", "Clojure"),
    "ruby": (r"ruby|rails|jekyll|passenger|chef", "Ruby"),
    "php": (r"php|composer|swoole|hyperf|frankenphp|wordpress|drupal|nextcloud|laravel|wodby", "PHP"),
    "dotnet": (r"dotnet|aspnet(?!:4)|mono\b|powershell|azure-functions", ".NET"),
    "rust": (r"rust|cargo", "Rust"),
    "elixir": (r"elixir|phoenix", "Elixir"),
    "erlang": (r"erlang", "Erlang"),
    "haskell": (r"haskell|stack-build|ghc|yesod", "Haskell"),
    "swift": (r"swift|vapor", "Swift"),
    "dart": (r"(?:^|/)dart|flutter", "Dart"),
    "deno": (r"deno", "Deno"),
    "bun": (r"(?:^|/)bun$", "Bun"),
    "perl": (r"perl|rakudo", "Perl or Raku"),
    "r": (r"r-base|rocker|bioconductor|opencpu|rstudio|shiny|r-ver", "R"),
    "julia": (r"julia", "Julia"),
    "crystal": (r"crystal", "Crystal"),
    "nim": (r"nim", "Nim"),
    "d": (r"dlang|ldc|dmd", "D"),
    "ocaml": (r"ocaml|opam", "OCaml"),
    "lua": (r"\blua|openresty|apisix", "Lua"),
    "c": (r"(?:^|/)gcc$|buildpack-deps|clang|cppbuild|cmake|emscripten|build-deps", "C or C++"),
    "android": (r"android|react-native", "Android"),
    "nginx": (r"nginx|(?:^|/)unit$", "nginx"),
    "web server": (r"httpd|apache(?!/)|caddy|haproxy|traefik|varnish|squid", "another web server"),
    "database": (
        r"postgres|mysql|mariadb|mongo|redis|influx|neo4j|cassandra|couchdb|stardog|postgis|elasticsearch|opensearch|solr",
        "a database or a search server",
    ),
    "messages": (r"rabbitmq|kafka|nats|mosquitto|activemq|zookeeper", "a message broker"),
    "monitoring": (r"grafana|kibana|logstash|prometheus|zabbix|sentry|metabase|fluentd", "monitoring"),
    "docker": (r"(?:^|/)docker$|moby/|buildkit|dind|(?:^|/)registry$|podman|buildah|kaniko", "a container tool"),
    "kubernetes": (r"kubernetes|k8s|openshift|kubespray|ocp/|helm", "Kubernetes or OpenShift"),
    "other language": (
        r"racket|sbcl|lisp|scheme|lfe|vlang|coq|agda|urweb|hhvm|livescript|cobol|coldfusion|commandbox|cython|elm",
        "a language that few use",
    ),
    "heroku": (r"heroku|cedar", "Heroku's image"),
    "big data": (r"hadoop|spark|flink|hbase|zeppelin|hive|superset|airflow|cloudera|hugegraph", "big data"),
    "application": (
        r"atlassian|confluence|jira|nexus|artifactory|owncloud|mediawiki|liferay|rocket|gogs|budibase|dataease|vault|consul",
        "a ready-made application",
    ),
    "media or maps": (
        r"ffmpeg|gdal|essentia|geokit|texlive|imagemagick|ghostscript|librsvg",
        "a tool for media, maps or documents",
    ),
    "game or desktop": (r"byond|wine|steam|x11|vnc|dockergui|opengl|virtualgl", "games or a desktop"),
    "science": (r"nfcore|pacbio|galaxy|antismash|kaldi|habitat|itk\b|triqs|kernsuite|yandex/rep", "science"),
    "own name": (r"^[^/.:]+$", "a short name"),
    "own registry": (r"^(?:localhost|[\w-]+(?:\.[\w-]+)+)(?::\d+)?/", "a registry by its name"),
    "other user": (r"^[\w-]+/[^/]+$", "an image of somebody else"),
}
_FALLBACKS = {"own name", "own registry", "other user"}

DESCRIPTIONS = {f"base: {name}": f"The last stage is from {what} in the end." for name, (_, what) in _BASES.items()}
_PATTERNS = {f"base: {name}": re.compile(pattern) for name, (pattern, _) in _BASES.items()}


def found(view: View) -> Iterator[str]:
    """What the last stage is from."""
    image = view.parts["final image"].lower()
    name = re.sub(r"@.*|:[^/]*$", "", image)
    any_found = False
    for base, pattern in _PATTERNS.items():
        if base.removeprefix("base: ") in _FALLBACKS and (any_found and base != "base: own registry"):
            continue
        if pattern.search(name):
            any_found = True
            yield base
