"""The policy pack: what every stack of the platform must keep to, one file an area."""
