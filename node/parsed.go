package node

import (
	"iter"
	"runtime"
	"sync"

	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// entryRead is an entry of a log and what its text says, or why it cannot be read.
type entryRead struct {
	storage.Entry

	statement  statement.Statement
	err        error
	unreadable bool // err is the store's, and there is no text
}

// parsedChunk is how many statements are handed on together: some ten milliseconds of work.
const parsedChunk = 256

// chunk is what one processor parses at a time.
type chunk struct {
	entries []entryRead
	done    chan struct{} // closed when all are parsed
}

// parsed gives the entries of a log in their order, each of them parsed, its signature too. One goroutine reads ahead and
// one for each processor parses, while the caller looks at what came before: so it takes as long as its signatures,
// divided by the processors. No more than a few chunks are in memory. All goroutines have ended when the loop has.
func parsed(entries iter.Seq2[storage.Entry, error]) iter.Seq[entryRead] {
	return func(yield func(entryRead) bool) {
		processors := runtime.GOMAXPROCS(0)
		var group sync.WaitGroup
		defer group.Wait()
		stop := make(chan struct{})
		defer close(stop)
		todo, ordered := make(chan chunk), make(chan chunk, 2*processors)
		group.Go(func() { readAhead(entries, stop, ordered, todo) })
		for range processors {
			group.Go(func() {
				var parser statement.Parser
				for c := range todo {
					c.parse(&parser)
				}
			})
		}
		for c := range ordered {
			<-c.done
			for _, e := range c.entries {
				if !yield(e) {
					return
				}
			}
		}
	}
}

// readAhead hands on chunks to whoever wants them in their order, and to those who parse them.
func readAhead(entries iter.Seq2[storage.Entry, error], stop <-chan struct{}, ordered, todo chan<- chunk) {
	defer close(ordered)
	defer close(todo)
	for c := range chunks(entries) {
		for _, to := range []chan<- chunk{ordered, todo} {
			select {
			case to <- c:
			case <-stop:
				return
			}
		}
	}
}

// chunks cuts entries up. An error is the last entry.
func chunks(entries iter.Seq2[storage.Entry, error]) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		next := func() chunk {
			return chunk{make([]entryRead, 0, parsedChunk), make(chan struct{})}
		}
		c := next()
		for e, err := range entries {
			c.entries = append(c.entries, entryRead{Entry: e, err: err, unreadable: err != nil})
			if len(c.entries) < parsedChunk {
				continue
			}
			if !yield(c) {
				return
			}
			c = next()
		}
		yield(c)
	}
}

func (c chunk) parse(p *statement.Parser) {
	defer close(c.done)
	for i := range c.entries {
		if e := &c.entries[i]; e.err == nil {
			e.statement, e.err = p.Parse(e.Text)
		}
	}
}
