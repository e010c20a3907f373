"""Activity → deliveries → channels: everything that leaves the site for a person's mailbox or telephone."""
