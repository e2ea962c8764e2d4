package node

import (
	"context"
	"sync"

	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/reason"
)

// followers are the logs that this node follows, each with a follower of its own.
type followers struct {
	cfg     followConfig
	changed chan struct{} // a token while want has changed

	mu   sync.Mutex
	want map[ledger.Log]*follower // guarded by mu
}

func newFollowers(cfg followConfig) *followers {
	return &followers{cfg: cfg, changed: make(chan struct{}, 1), want: map[ledger.Log]*follower{}}
}

// set says which logs to follow from now on. What is stored of others stays.
func (fs *followers) set(logs []ledger.Log) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	next := map[ledger.Log]*follower{}
	for _, log := range logs {
		if next[log] = fs.want[log]; next[log] == nil {
			next[log] = newFollower(fs.cfg, log)
		}
	}
	fs.want = next
	select {
	case fs.changed <- struct{}{}:
	default:
	}
}

// told takes in a checkpoint that was heard; see follower.told. One of a log that is not followed is community-denied.
func (fs *followers) told(text string) error {
	log, err := ledger.LogOf(text)
	if err != nil {
		return reason.Reject(reason.LogInvalid, "%v", err)
	}
	fs.mu.Lock()
	f := fs.want[log]
	fs.mu.Unlock()
	if f != nil {
		return f.told(text)
	}
	if _, err := ledger.ParseCheckpoint(text, log.Origin(), log.Node); err != nil {
		return reason.Reject(reason.LogInvalid, "%v", err)
	}
	return reason.Reject(reason.CommunityDenied, "this log is not followed here")
}

// count is how many logs are followed.
func (fs *followers) count() int {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return len(fs.want)
}

// conditions are the logs with which something is wrong; see follower.state.
func (fs *followers) conditions() map[ledger.Log]reason.Reason {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	out := map[ledger.Log]reason.Reason{}
	for log, f := range fs.want {
		if r := f.state(); r != "" {
			out[log] = r
		}
	}
	return out
}

// Run follows the logs until ctx ends, and returns when all followers have ended.
func (fs *followers) Run(ctx context.Context) error {
	type run struct {
		stop func()
		done chan struct{}
	}
	running := map[*follower]run{}
	end := func(f *follower) {
		running[f].stop()
		<-running[f].done
		delete(running, f)
	}
	defer func() {
		for f := range running {
			end(f)
		}
	}()
	for {
		fs.mu.Lock()
		want := fs.want // replaced as a whole, never changed
		fs.mu.Unlock()
		for f := range running {
			if want[f.log] != f {
				end(f) // before another may begin with the same log
			}
		}
		for _, f := range want {
			if _, ok := running[f]; ok {
				continue
			}
			ctx, stop := context.WithCancel(ctx) //nolint:gosec // end calls stop
			r := run{stop: stop, done: make(chan struct{})}
			running[f] = r
			go func() {
				defer close(r.done)
				_ = f.Run(ctx) // ends with ctx and with nothing else
			}()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-fs.changed:
		}
	}
}
