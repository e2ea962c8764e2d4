package client

import "time"

// NextOrder is the order of a delegate that is signed at a time.
func NextOrder(c *Client, at time.Time) int64 { return c.nextOrder(at) }
