package invites

import (
	"bytes"
	"cmp"
	"slices"
)

// settle decides which entrances count. See [Merge] for the rule.
func (u *union) settle() {
	u.findCircles()
	for _, c := range u.entrances {
		// Whoever is known first needs nobody of their circle who is known later; so what is left closes no circle.
		c.late = c.owner.circle == c.person.circle && c.owner.number >= c.person.number
	}
	slices.SortFunc(u.entrances, func(a, b *entrance) int {
		if a.late != b.late {
			if a.late {
				return 1
			}
			return -1
		}
		return a.compare(b)
	})
	for _, c := range u.entrances {
		p, s := c.person, c.request.seat
		switch {
		case p.by != nil: // came in otherwise
		case s.by == nil:
			p.by, s.by = c, c
		case p.lost == nil && !c.late:
			p.lost = c
		}
	}
	for _, c := range u.entrances {
		v := c.request.offer
		if v == nil {
			continue
		}
		if c.person.by == c || v.used == nil {
			v.used = c.person
		}
	}
}

// compare orders entrances: that which counts comes first.
func (c *entrance) compare(b *entrance) int {
	return cmp.Or(
		cmp.Compare(c.order, b.order),
		bytes.Compare(c.at.log.node[:], b.at.log.node[:]), // orders are the same only by a mistake of the root
		cmp.Compare(c.at.index, b.at.index),
	)
}

// sponsor is the entrance's owner, or, if they are passed over, the next member above. Passed over is who is displaced;
// and, by people of their own circle, who is a member again only by an entrance that closes it.
func (c *entrance) sponsor() *person {
	author := c.owner
	if author.by == nil && author.lost == nil { // the founder
		return author
	}
	if author.by != nil && (!author.by.late || author.circle != c.person.circle) {
		return author
	}
	if author.sponsored == nil {
		author.sponsored = author.lost.sponsor()
	}
	return author.sponsored
}

// findCircles numbers the circles: the strongly connected components of who was admitted by whose invite (R. Tarjan,
// Depth-first search and linear graph algorithms, 1972). Nearly all are of one person.
func (u *union) findCircles() {
	t := tarjan{low: make([]int, len(u.people))}
	for _, p := range u.people {
		if t.low[p.number] == 0 {
			t.visit(p)
		}
	}
}

type tarjan struct {
	low     []int // by number: 0 until visited
	visited int
	stack   []*person
	circles int
}

func (t *tarjan) visit(p *person) {
	t.visited++
	index, depth := t.visited, len(t.stack)
	t.low[p.number] = index
	t.stack = append(t.stack, p)
	for _, c := range p.entrances {
		o := c.owner
		if t.low[o.number] == 0 {
			t.visit(o)
		}
		if o.circle == 0 { // on the stack
			t.low[p.number] = min(t.low[p.number], t.low[o.number])
		}
	}
	if t.low[p.number] == index {
		t.circles++
		for _, q := range t.stack[depth:] {
			q.circle = t.circles
		}
		t.stack = t.stack[:depth]
	}
}
