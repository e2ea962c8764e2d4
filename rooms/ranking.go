package rooms

import "container/heap"

// ranked is something that knows its place in a ranking.
type ranked interface {
	comparable
	at() *int // where the place is kept; what it holds outside of any ranking means nothing
}

// ranking keeps things so that the first one is always known, in O(log n) for each change.
type ranking[T ranked] struct {
	list []T
	less func(a, b T) bool
}

// Len implements heap.Interface, as the four methods below do.
func (r *ranking[T]) Len() int { return len(r.list) }

// Less implements heap.Interface.
func (r *ranking[T]) Less(i, j int) bool { return r.less(r.list[i], r.list[j]) }

// Swap implements heap.Interface.
func (r *ranking[T]) Swap(i, j int) {
	r.list[i], r.list[j] = r.list[j], r.list[i]
	*r.list[i].at(), *r.list[j].at() = i, j
}

// Push implements heap.Interface.
func (r *ranking[T]) Push(v any) {
	e := v.(T)
	*e.at() = len(r.list)
	r.list = append(r.list, e)
}

// Pop implements heap.Interface.
func (r *ranking[T]) Pop() any {
	n := len(r.list) - 1
	last := r.list[n]
	clear(r.list[n:])
	r.list = r.list[:n]
	return last
}

// first is the one that goes before all others, the zero T when there is none.
func (r *ranking[T]) first() T {
	var none T
	if len(r.list) == 0 {
		return none
	}
	return r.list[0]
}

// has reports whether e is ranked.
func (r *ranking[T]) has(e T) bool {
	i := *e.at()
	return i >= 0 && i < len(r.list) && r.list[i] == e
}

// put ranks e, or ranks it anew after what it is ranked by has changed.
func (r *ranking[T]) put(e T) {
	if r.has(e) {
		heap.Fix(r, *e.at())
		return
	}
	heap.Push(r, e)
}

// drop takes e out.
func (r *ranking[T]) drop(e T) {
	if r.has(e) {
		heap.Remove(r, *e.at())
	}
}
