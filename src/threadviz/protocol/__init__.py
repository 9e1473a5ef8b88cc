"""What the processes of a run exchange: events, requests, orders and reports, in lines of JSON."""
