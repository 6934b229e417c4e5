package events

import "sync"

// slots bound how much is done at once.
type slots struct {
	free  chan struct{}
	group sync.WaitGroup
}

func newSlots(count int) *slots {
	s := &slots{free: make(chan struct{}, count)}
	for range count {
		s.free <- struct{}{}
	}
	return s
}

// take waits for a slot and takes as many more, up to limit, as are free.
func (s *slots) take(limit int) (taken int) {
	<-s.free
	for taken = 1; taken < limit; taken++ {
		select {
		case <-s.free:
		default:
			return taken
		}
	}
	return taken
}

// release gives slots back that were not used.
func (s *slots) release(count int) {
	for range count {
		s.free <- struct{}{}
	}
}

// run does something in a slot that was taken.
func (s *slots) run(do func()) {
	s.group.Go(func() {
		defer s.release(1)
		do()
	})
}

// wait returns when everything has ended.
func (s *slots) wait() { s.group.Wait() }
