package outbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"rvo-tui/internal/fileio"
)

// Buckets of the store.
var (
	bucketRecords   = []byte("records")   // sequence number → Record
	bucketPositions = []byte("positions") // output → position
	bucketAside     = []byte("aside")     // sequence number → aside
	bucketExpected  = []byte("expected")  // event ID → Record whose clip is being saved
	buckets         = [][]byte{bucketRecords, bucketPositions, bucketAside, bucketExpected}
)

// lockTimeout is how long to wait for another process to release the store.
const lockTimeout = 200 * time.Millisecond

// errDamaged marks a store that cannot be read.
var errDamaged = errors.New("its content is damaged")

// store is the file of an outbox. One goroutine writes; any may read.
type store struct {
	path string
	db   *bolt.DB
	file *os.File // the file of db
}

// contents is the state in a store when it is opened, without records.
type contents struct {
	last      uint64 // last sequence number; 0: none
	positions map[string]position
	aside     map[uint64]aside
	expected  map[string]Record
}

// openStore opens or creates the file and reads all of it, calling each with every
// record, its size and the positions. errDamaged means that it cannot be read.
func openStore(path string, each func(r *Record, size int64, positions map[string]position)) (s *store, c contents, err error) {
	s = &store{path: path}
	err = guard(func() error {
		db, err := bolt.Open(path, 0o600, &bolt.Options{
			Timeout: lockTimeout, FreelistType: bolt.FreelistMapType, NoStatistics: true,
			OpenFile: func(name string, flag int, mode os.FileMode) (f *os.File, err error) {
				f, err = fileio.Open(name, flag, mode)
				s.file = f
				return f, err
			},
		})
		if err != nil {
			return err
		}
		s.db = db
		return nil
	})
	if err == nil {
		c, err = s.load(each)
	}
	if err == nil {
		return s, c, nil
	}
	if errors.Is(err, errDamaged) {
		s.abandon()
	} else {
		s.close()
	}
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, c, fmt.Errorf("open outbox %q: another process is using it; use another file or stop that process", path)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch),
		errors.Is(err, bolterrors.ErrInvalidMapping):
		err = fmt.Errorf("%w: %w", errDamaged, err)
	case !errors.Is(err, errDamaged):
		err = fmt.Errorf("%w; %s", fileio.Bare(err), fileio.Advice(err))
	}
	return nil, c, fmt.Errorf("open outbox %q: %w", path, err)
}

// load creates the buckets and reads everything.
func (s *store) load(each func(r *Record, size int64, positions map[string]position)) (c contents, err error) {
	err = guard(func() error {
		return s.db.Update(func(tx *bolt.Tx) error {
			c = contents{positions: map[string]position{}, aside: map[uint64]aside{}, expected: map[string]Record{}}
			for _, name := range buckets {
				if _, err := tx.CreateBucketIfNotExists(name); err != nil {
					return err
				}
			}
			return errors.Join(
				loadAll(tx.Bucket(bucketPositions), func(k []byte, p position) {
					c.positions[string(k)] = p
					c.last = max(c.last, p.Seq)
				}),
				loadAll(tx.Bucket(bucketExpected), func(k []byte, r Record) { c.expected[string(k)] = r }),
				loadAll(tx.Bucket(bucketAside), func(k []byte, a aside) {
					c.last = max(c.last, seqOf(k))
					c.aside[seqOf(k)] = a
				}),
				tx.Bucket(bucketRecords).ForEach(func(k, v []byte) error {
					r, err := decodeRecord(k, v)
					if err != nil {
						return fmt.Errorf("%w: %w", errDamaged, err)
					}
					c.last = max(c.last, r.Seq)
					each(&r, int64(len(k)+len(v)), c.positions)
					return nil
				}),
			)
		})
	})
	return c, err
}

func loadAll[T any](b *bolt.Bucket, add func(k []byte, v T)) error {
	return b.ForEach(func(k, text []byte) error {
		var v T
		if err := json.Unmarshal(text, &v); err != nil {
			return fmt.Errorf("%w: %w", errDamaged, err)
		}
		add(k, v)
		return nil
	})
}

// moveAside renames a damaged store and returns its new name.
func moveAside(path string, now time.Time) (string, error) {
	to := path + ".damaged-" + now.UTC().Format("20060102T150405.000")
	if err := os.Rename(path, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("move damaged outbox %q: %w; %s", path, fileio.Bare(err), fileio.Advice(err))
	}
	return to, nil
}

// change is the content of one transaction.
type change struct {
	records   []Record
	positions map[string]position // to write
	gone      []string            // outputs whose positions are removed
	aside     map[uint64]*aside   // nil: remove
	expected  map[string]*Record  // nil: remove
	delete    uint64              // remove records up to this sequence number
}

func (c *change) empty() bool {
	return len(c.records)+len(c.positions)+len(c.gone)+len(c.aside)+len(c.expected) == 0 && c.delete == 0
}

// commit writes a change as one transaction and syncs it. It returns the sizes of the
// records by sequence number.
func (s *store) commit(c *change) (sizes map[uint64]int64, err error) {
	sizes = make(map[uint64]int64, len(c.records))
	err = guard(func() error {
		return s.db.Update(func(tx *bolt.Tx) error {
			records := tx.Bucket(bucketRecords)
			for i := range c.records {
				k, v := keyOf(c.records[i].Seq), encode(&c.records[i])
				sizes[c.records[i].Seq] = int64(len(k) + len(v))
				if err := records.Put(k, v); err != nil {
					return err
				}
			}
			if err := deleteUntil(records, c.delete); err != nil {
				return err
			}
			var errs []error
			for name, p := range c.positions {
				errs = append(errs, tx.Bucket(bucketPositions).Put([]byte(name), encode(p)))
			}
			for _, name := range c.gone {
				errs = append(errs, tx.Bucket(bucketPositions).Delete([]byte(name)))
			}
			for seq, a := range c.aside {
				errs = append(errs, put(tx.Bucket(bucketAside), keyOf(seq), a))
			}
			for id, r := range c.expected {
				errs = append(errs, put(tx.Bucket(bucketExpected), []byte(id), r))
			}
			return errors.Join(errs...)
		})
	})
	if err != nil && !errors.Is(err, errDamaged) {
		err = fmt.Errorf("%w; %s", fileio.Bare(err), fileio.Advice(err))
	}
	if err != nil {
		err = fmt.Errorf("write outbox %q: %w", s.path, err)
	}
	return sizes, err
}

func put[T any](b *bolt.Bucket, key []byte, v *T) error {
	if v == nil {
		return b.Delete(key)
	}
	return b.Put(key, encode(v))
}

func deleteUntil(b *bolt.Bucket, seq uint64) error {
	if seq == 0 {
		return nil
	}
	c := b.Cursor()
	for k, _ := c.First(); k != nil && seqOf(k) <= seq; k, _ = c.First() {
		if err := c.Delete(); err != nil {
			return err
		}
	}
	return nil
}

// after returns up to n records after a sequence number.
func (s *store) after(seq uint64, n int) (list []Record, err error) {
	err = guard(func() error {
		return s.db.View(func(tx *bolt.Tx) error {
			c := tx.Bucket(bucketRecords).Cursor()
			for k, v := c.Seek(keyOf(seq + 1)); k != nil && len(list) < n; k, v = c.Next() {
				r, err := decodeRecord(k, v)
				if err != nil {
					return fmt.Errorf("%w: %w", errDamaged, err)
				}
				list = append(list, r)
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read outbox %q: %w", s.path, err)
	}
	return list, nil
}

func (s *store) close() {
	if s.db == nil {
		return
	}
	_ = s.db.Close() // committed data is already synced
}

// abandon closes a damaged file. A panic in bbolt may have left its locks held, so
// Close could block forever. The memory map is kept, because a reader may still be
// using it.
func (s *store) abandon() {
	if s.file != nil {
		_ = s.file.Close() // nothing was written that could be lost
	}
}

// guard calls f and converts a panic to errDamaged: bbolt maps the file into memory and
// trusts it, so a damaged page causes a panic, and a truncated file a fault.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errDamaged, p)
		}
	}()
	return f()
}

func seqOf(key []byte) uint64 {
	var seq uint64
	for _, b := range key[:min(8, len(key))] {
		seq = seq<<8 | uint64(b)
	}
	return seq
}

// merge adds the content of an older change that could not be written.
func (c *change) merge(older *change) {
	c.delete = max(c.delete, older.delete)
	c.gone = append(c.gone, older.gone...)
	c.positions = mergeMaps(c.positions, older.positions)
	c.aside = mergeMaps(c.aside, older.aside)
	c.expected = mergeMaps(c.expected, older.expected)
}

func mergeMaps[K comparable, V any](newer, older map[K]V) map[K]V {
	if newer == nil {
		return older
	}
	for k, v := range older {
		if _, ok := newer[k]; !ok {
			newer[k] = v
		}
	}
	return newer
}
