npm config get registry
