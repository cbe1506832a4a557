#!/bin/sh
# Makes the image moot-example/debian:bookworm, which the Dockerfiles here start from, out of
# Debian's packages: no image registry is needed.  Needs mmdebstrap (or root and debootstrap's
# patience) and a Docker Engine; does nothing where the image is there already.
set -eu
image=moot-example/debian:bookworm
if docker image inspect "$image" > /dev/null 2>&1; then
    exit 0
fi
mmdebstrap --quiet --variant=minbase bookworm - | docker import --change 'CMD ["/bin/sh"]' - "$image"
