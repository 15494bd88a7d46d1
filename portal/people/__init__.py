"""Staff: how they are invited, log in, are locked out, time out and leave."""
