"""Instances of the emulated AWS that boot on this machine, with systemd, cloud-init and what their user data
installs."""
