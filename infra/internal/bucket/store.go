package bucket

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Store is a bucket that can be asked.
type Store struct {
	address Address
	objects objects
}

// Preparation is what is known of a bucket before it is prepared.
type Preparation struct {
	Unfinished bool         // an earlier run began to make it and did not finish
	Begin      func() error // called before the bucket is made
}

// Outcome is what became of a bucket.
type Outcome struct {
	Made  bool     // it was not there, or not finished
	Notes []string // protections that the server does not know
}

// Object is what lies in a bucket under a name.
type Object struct {
	Content []byte
	Version string // GCS: its generation, which Terraform uses as the ID of a lock
}

// Lock is what Terraform writes about a lock that it holds.
type Lock struct {
	ID        string
	Operation string
	Info      string
	Who       string // USER@HOST
	Version   string // of Terraform
	Created   time.Time
	Path      string
}

// objects is what both kinds of buckets can do.
type objects interface {
	// exists tells whether the bucket is there and ours.
	exists(ctx context.Context) (bool, error)
	// make makes the bucket with all protections that can be set at once.
	make(ctx context.Context) error
	// furnish sets the others; it may be done again. It returns what the server does not know.
	furnish(ctx context.Context) (notes []string, err error)
	empty(ctx context.Context) (bool, error)
	// inspect refuses a bucket that is not fit for states.
	inspect(ctx context.Context) (notes []string, err error)
	read(ctx context.Context, name string) (*Object, error) // nil when there is none
	// create makes an object and returns its version; made is false when there is one.
	create(ctx context.Context, name string, content []byte, sealed Sealed) (version string, made bool, err error)
	remove(ctx context.Context, name, version string) error
}

// Open prepares to ask a bucket; it asks for credentials and nothing else.
func Open(ctx context.Context, address Address) (*Store, error) {
	var err error
	s := &Store{address: address}
	if address.Kind == GCS {
		s.objects, err = openGCS(context.WithoutCancel(ctx), address) // tokens are fetched later, too
	} else {
		s.objects, s.address.Region, err = openS3(ctx, address)
	}
	return s, err
}

// Address is the bucket's, with what the environment adds to it.
func (s *Store) Address() Address { return s.address }

// Prepare makes the bucket when it is not there, and refuses one that is not fit for states:
// without versions of its objects, or public.
func (s *Store) Prepare(ctx context.Context, p Preparation) (Outcome, error) {
	there, err := s.objects.exists(ctx)
	if err != nil {
		return Outcome{}, err
	}
	made := !there
	if there && p.Unfinished { // what is in use by now was finished by somebody else
		if made, err = s.objects.empty(ctx); err != nil {
			return Outcome{}, err
		}
	}
	outcome := Outcome{Made: made}
	if made {
		if outcome.Notes, err = s.make(ctx, there, p.Begin); err != nil {
			return outcome, err
		}
	}
	notes, err := s.objects.inspect(ctx)
	outcome.Notes = append(outcome.Notes, notes...)
	return outcome, err
}

func (s *Store) make(ctx context.Context, there bool, begin func() error) ([]string, error) {
	if !there {
		if err := begin(); err != nil {
			return nil, err
		}
		if err := s.objects.make(ctx); err != nil {
			return nil, err
		}
	}
	return s.objects.furnish(ctx)
}

// Read returns an object, nil when there is none.
func (s *Store) Read(ctx context.Context, name string) (*Object, error) {
	object, err := s.objects.read(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", name, s.address, err)
	}
	return object, nil
}

// ReadLock returns the lock on a state, nil when nobody holds it.
func (s *Store) ReadLock(ctx context.Context, place Place) (*Lock, error) {
	object, err := s.Read(ctx, place.Lock)
	if err != nil || object == nil {
		return nil, err
	}
	var lock Lock
	if err := json.Unmarshal(object.Content, &lock); err != nil {
		return nil, fmt.Errorf("the lock %s of %s is none that Terraform wrote: %w", place.Lock, s.address, err)
	}
	if s.address.Kind == GCS {
		lock.ID = object.Version
	}
	return &lock, nil
}

// Create makes an object; made is false when there is one of that name, which stays as it is.
func (s *Store) Create(ctx context.Context, name string, content []byte) (made bool, err error) {
	_, made, err = s.objects.create(ctx, name, content, Sealed{})
	if err != nil {
		return false, fmt.Errorf("write %s of %s: %w", name, s.address, err)
	}
	return made, nil
}

// Lock takes the lock on a state as Terraform does, and returns the ID that it is known by; empty
// when somebody else holds it.
func (s *Store) Lock(ctx context.Context, place Place, lock Lock) (id string, err error) {
	text, err := json.Marshal(lock)
	if err != nil {
		return "", err
	}
	version, made, err := s.objects.create(ctx, place.Lock, text, place.Sealed)
	if err != nil || !made {
		return "", err
	}
	if s.address.Kind == GCS {
		return version, nil
	}
	return lock.ID, nil
}

// Unlock removes the lock with that ID, and no other.
func (s *Store) Unlock(ctx context.Context, place Place, id string) error {
	lock, err := s.ReadLock(ctx, place)
	if err != nil {
		return err
	}
	if lock == nil {
		return nil
	}
	if lock.ID != id {
		return fmt.Errorf("the lock %s of %s is %s by now, not %s", place.Lock, s.address, lock.ID, id)
	}
	version := ""
	if s.address.Kind == GCS {
		version = id
	}
	if err := s.objects.remove(ctx, place.Lock, version); err != nil {
		return fmt.Errorf("remove the lock %s of %s: %w", place.Lock, s.address, err)
	}
	return nil
}
