"""What a request costs: the service beside a constant Flask route under the same server, measured in alternation."""
