package node

import "time"

// clock counts Unix milliseconds that always go on: as the machine's clock says, and where that is set back, by the time
// that has really passed, until it has caught up. Held places and offers end when they should.
type clock struct {
	wall int64 // what the machine's clock said when it was last not behind, Unix milliseconds
	ran  time.Duration
}

// at is the time when the machine's clock says wall and so much time has really passed since some moment in the past.
func (c *clock) at(wall int64, ran time.Duration) int64 {
	if passed := c.wall + (ran - c.ran).Milliseconds(); passed > wall {
		return passed
	}
	c.wall, c.ran = wall, ran
	return wall
}
