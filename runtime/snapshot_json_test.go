package runtime

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/rules"
	"rvo-tui/runtime/engine"
)

// anything fills a value with all kinds of contents: NaN, empty and nil lists, text that needs
// escapes.
func anything(r *rand.Rand, v reflect.Value, depth int) {
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		*p = time.Unix(r.Int64N(1<<33), r.Int64N(1e9)).UTC()
		return
	case *engine.Histogram:
		for range r.IntN(50) {
			p.Record(time.Duration(r.Uint64N(1 << r.IntN(50))))
		}
		return
	case *rules.Truth:
		*p = rules.Truth(r.IntN(3))
		return
	case *detectors.Why:
		*p = detectors.Why(r.IntN(int(detectors.Absent) + 1))
		return
	case *time.Duration:
		*p = time.Duration(r.Int64N(1 << 50))
		return
	case *engine.Skips:
		for i := range p[1:] {
			p[i+1] = r.Uint64()
		}
		return
	case *engine.Words:
		return // derived from the rest
	case *engine.SignalView:
		type plain engine.SignalView
		anything(r, reflect.ValueOf((*plain)(p)).Elem(), depth)
		p.Why = ""
		if p.Unknown != detectors.Known {
			p.Why = p.Unknown.String()
		}
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(r.Int64())
	case reflect.Uint64:
		v.SetUint(r.Uint64())
	case reflect.Float64:
		v.SetFloat([]float64{r.Float64(), -r.ExpFloat64() * 1e300, math.NaN(), math.Inf(1), math.Inf(-1), 0}[r.IntN(6)])
	case reflect.String:
		v.SetString([]string{"", "door", "a \"<&>\" b", "žluť\t\x1b\u2028"}[r.IntN(4)])
	case reflect.Pointer:
		if v.Type() != reflect.TypeFor[*detectors.Sieve]() && r.IntN(5) > 0 { // that is in no JSON
			v.Set(reflect.New(v.Type().Elem()))
			anything(r, v.Elem(), depth)
		}
	case reflect.Slice:
		if n := r.IntN(4) - 1; n >= 0 && depth < 6 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
		}
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			anything(r, v.Index(i), depth+1)
		}
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]uint64{"age": r.Uint64(), "": 1}))
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "FixedTTL" { // that is in no JSON
				anything(r, v.Field(i), depth+1)
			}
		}
	default:
		panic(v.Type())
	}
}

// differs returns where the exported fields of two values differ. NaNs are equal, and may have
// become 0; a nil list equals an empty one.
func differs(at string, a, b reflect.Value) string {
	switch x := a.Interface().(type) {
	case engine.Words:
		return ""
	case rules.Line:
		y := b.Interface().(rules.Line)
		x.Truth, y.Truth = rules.Unknown, rules.Unknown // derived from the clauses
		if x != y {
			return fmt.Sprintf("%s: %v became %v", at, x, y)
		}
		return ""
	case time.Time:
		if y := b.Interface().(time.Time); !x.Equal(y) {
			return fmt.Sprintf("%s: %v became %v", at, x, y)
		}
		return ""
	case *engine.Histogram:
		y := b.Interface().(*engine.Histogram)
		if (x == nil) != (y == nil) {
			return fmt.Sprintf("%s: %v became %v", at, x, y)
		}
		was, _ := json.Marshal(x) // every bucket, sum and maximum
		if is, _ := json.Marshal(y); !bytes.Equal(was, is) {
			return fmt.Sprintf("%s: %s became %s", at, was, is)
		}
		return ""
	}
	switch a.Kind() {
	case reflect.Float64:
		x, y := a.Float(), b.Float()
		if x != y && !(x-x != 0 && (y != y || y == 0)) {
			return fmt.Sprintf("%s: %v became %v", at, x, y)
		}
	case reflect.Struct:
		for i := range a.NumField() {
			if f := a.Type().Field(i); f.IsExported() && f.Name != "ToFire" {
				if d := differs(at+"."+f.Name, a.Field(i), b.Field(i)); d != "" {
					return d
				}
			}
		}
	case reflect.Slice, reflect.Array:
		if a.Len() != b.Len() {
			return fmt.Sprintf("%s: %d became %d", at, a.Len(), b.Len())
		}
		for i := range a.Len() {
			if d := differs(fmt.Sprintf("%s[%d]", at, i), a.Index(i), b.Index(i)); d != "" {
				return d
			}
		}
	case reflect.Pointer:
		if a.IsNil() != b.IsNil() {
			return fmt.Sprintf("%s: %v became %v", at, a, b)
		}
		if !a.IsNil() {
			return differs(at, a.Elem(), b.Elem())
		}
	case reflect.Map:
		if a.Len() != b.Len() || a.Len() > 0 && !reflect.DeepEqual(a.Interface(), b.Interface()) {
			return fmt.Sprintf("%s: %v became %v", at, a, b)
		}
	default:
		if !reflect.DeepEqual(a.Interface(), b.Interface()) {
			return fmt.Sprintf("%s: %v became %v", at, a, b)
		}
	}
	return ""
}

func TestSnapshotComesBackFromJSON(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		var s, back Snapshot
		anything(r, reflect.ValueOf(&s).Elem(), 0)
		text, err := json.Marshal(&s)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for _, key := range []string{
			"cameras", "queues", "sinks", "detectors", "signals", "rules", "rings", "drops", "errors", "needs", "provides",
			"clauses", "detections", "results", "dropped", "removed",
		} {
			if strings.Contains(string(text), `"`+key+`":null`) {
				t.Errorf("seed %d: the list %q is null", seed, key)
			}
		}
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if d := differs("snapshot", reflect.ValueOf(s), reflect.ValueOf(back)); d != "" {
			t.Fatalf("seed %d: %s", seed, d)
		}
	}
}

func TestSnapshotOfANewerProgramIsRead(t *testing.T) {
	text := `{"cameras":[{"name":"door","colour":"red","signals":[{"name":"a","value":1,"unknown":"eaten by a grue"}],
		"detectors":[{"name":"m","skips":{"rate":3,"mood":9},"exec":null}],"stages":{"capture":null,"thought":null}}],"moon":7}`
	var s Snapshot
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	c := s.Cameras[0]
	if v := c.Signals[0]; v.Unknown == detectors.Known || v.Why != "eaten by a grue" {
		t.Errorf("a signal that is unknown for a new reason reads as %v, %q", v.Unknown, v.Why)
	}
	if c.Detectors[0].Skips[engine.GateRate] != 3 {
		t.Errorf("skips %v", c.Detectors[0].Skips)
	}
}

// FuzzSnapshot decodes what a server may send, and encodes and decodes it again.
func FuzzSnapshot(f *testing.F) {
	for seed := range uint64(3) {
		var s Snapshot
		anything(rand.New(rand.NewPCG(seed, 2)), reflect.ValueOf(&s).Elem(), 0)
		text, err := json.Marshal(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"cameras":[{"tick":{"count":1,"bins":"AAE="},"rules":[{"clauses":[{"age_ms":1e300,"truth":"true"}]}]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var s, back Snapshot
		if json.Unmarshal(text, &s) != nil {
			return
		}
		again, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(again, &back); err != nil {
			t.Fatalf("%s: %v", again, err)
		}
		if d := differs("snapshot", reflect.ValueOf(s.Slots), reflect.ValueOf(back.Slots)); d != "" || len(s.Cameras) != len(back.Cameras) {
			t.Fatal(d)
		}
	})
}
