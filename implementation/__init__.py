"""A ZooKeeper server around the transition functions of the model: sockets, disk, clients and time."""
