"""The stream room: the only part of kpistream that knows Faust and aiokafka's consumer groups."""
