"""Where stores call: the only pages that strangers may reach without a login."""
