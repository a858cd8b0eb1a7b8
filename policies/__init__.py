"""The policy pack: the rules for every stack of the platform, one file per area."""
