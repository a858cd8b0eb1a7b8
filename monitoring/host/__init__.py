"""The files of the monitoring host that are made from the catalogue of alerts and from what there is to watch."""
