"""What a recording is held against: each module some properties, decided as the events come."""
