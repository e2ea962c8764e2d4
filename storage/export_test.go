package storage

// WithFaults puts something between the store and each of its writes.
func (o Options) WithFaults(faults func(step string, do func() error) error) Options {
	o.faults = faults
	return o
}

// WithRoom replaces the free space of the disk.
func (o Options) WithRoom(room func(dir string) (uint64, error)) Options {
	o.room = room
	return o
}
