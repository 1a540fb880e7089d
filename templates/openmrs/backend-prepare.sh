#!/bin/sh
# Before OpenMRS starts: its home is an empty volume, and its data may be of an older release.
set -eu

# The start-up script looks for the distribution below its home.
ln -sfn /openmrs/distribution /omrs/distribution

# The image's own clean-up quotes its wildcard and removes nothing, so modules of an older release would stay.
for folder in modules owa configuration; do
  rm -rf "/omrs/data/${folder:?}"
done

# Tomcat's settings file is written at start.
: >/tomcat-bin/setenv.sh
chmod 0770 /tomcat-bin/setenv.sh
