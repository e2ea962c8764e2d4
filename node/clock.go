package node

import "time"

// leastSetBack is what a clock is behind by, at the least, when somebody has set it. What it is behind by less it catches up
// with by itself.
const leastSetBack = time.Second

// clock notices that the machine's clock was set back.
type clock struct {
	wall int64 // what it said when it was last not behind, Unix milliseconds
	ran  time.Duration
}

// back is by how many milliseconds the clock was set back since it was last looked at; 0: it was not. It says wall now, and so
// much time has passed since some moment in the past.
func (c *clock) back(wall int64, ran time.Duration) int64 {
	behind := c.wall + (ran - c.ran).Milliseconds() - wall
	if behind > 0 && behind < leastSetBack.Milliseconds() {
		return 0
	}
	c.wall, c.ran = wall, ran
	return max(behind, 0)
}
