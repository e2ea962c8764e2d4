package api

// ForGuest is an event as somebody gets it who only listens: without the list of the other people who do.
func ForGuest(event Event) Event {
	switch e := event.(type) {
	case Snapshot:
		e.Audience.People = []Person{}
		return e
	case AudienceChanged:
		e.Audience.People = []Person{}
		return e
	default:
		return event
	}
}
