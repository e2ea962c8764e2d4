package rooms

import "github.com/stoa-rooms/stoa/statement"

// Rivals is what a host remembers of others that hosted its room at the same time: the lost statements in their claims,
// which weigh for its own claim as well, as soon as they have given way. They are used RenewAfter after the first was
// heard of. By then an old host that lives has been heard too, and the hosts have agreed without them: else nodes that
// were cut off one by one would count as one side against it. Without them, an old host that comes back later would
// find a claim that only its last host has signed, and keep the room. The zero value remembers nothing.
type Rivals struct {
	lost []statement.Statement // at most one of each listed node
	due  int64
}

// Hear takes in, at a time in milliseconds since any moment, that another hosts the room of a tenure.
func (r *Rivals) Hear(mine, other Tenure, at int64) {
	for _, h := range other.Line {
		r.lost = mine.unclaimed(append(r.lost, h.Lost...))
	}
	if len(r.lost) > 0 && r.due == 0 {
		r.due = at + RenewAfter
	}
}

// Due is when there is something to take, of the same; 0: there is nothing.
func (r *Rivals) Due() int64 { return r.due }

// Take gives what is due for [Tenure.Renew], once.
func (r *Rivals) Take(at int64) []statement.Statement {
	if r.due == 0 || at < r.due {
		return nil
	}
	lost := r.lost
	*r = Rivals{}
	return lost
}
