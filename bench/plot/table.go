package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// maxRows and maxFile limit what is read from one file.
const (
	maxRows = 1 << 20
	maxFile = 256 << 20
)

// table is a CSV file with a header: columns by name, rows in order.
type table struct {
	columns map[string]int
	rows    [][]string
}

// readTable reads a CSV file. Rows with another number of fields than the header and duplicate
// columns are errors.
func readTable(in io.Reader) (*table, error) {
	r := csv.NewReader(io.LimitReader(in, maxFile))
	r.ReuseRecord = false
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("it is empty")
	}
	if err != nil {
		return nil, err
	}
	t := &table{columns: make(map[string]int, len(header))}
	for i, name := range header {
		name = strings.TrimSpace(name)
		if _, twice := t.columns[name]; twice {
			return nil, fmt.Errorf("the column %q appears twice", name)
		}
		t.columns[name] = i
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return nil, err
		}
		if len(t.rows) == maxRows {
			return nil, fmt.Errorf("it has more than %d rows", maxRows)
		}
		t.rows = append(t.rows, row)
	}
}

// want returns an error if a column is missing.
func (t *table) want(columns ...string) error {
	for _, name := range columns {
		if _, ok := t.columns[name]; !ok {
			return fmt.Errorf("the column %q is missing", name)
		}
	}
	return nil
}

// text returns a field; "" if there is no such column.
func (t *table) text(row int, column string) string {
	i, ok := t.columns[column]
	if !ok {
		return ""
	}
	return strings.TrimSpace(t.rows[row][i])
}

// most is the largest number that figures accept.
const most = 1e18

// number returns a field as a number; false if it is not one or cannot be shown.
func (t *table) number(row int, column string) (float64, bool) {
	v, err := strconv.ParseFloat(t.text(row, column), 64)
	if err != nil || !(math.Abs(v) <= most) {
		return 0, false
	}
	return v, true
}

// tail is one step of a distribution: a value and the share of larger values.
type tail struct {
	value  float64 // in the unit of the file
	larger float64 // 0..1
}

// readDistribution reads percentiles in HdrHistogram's format: a value, the share of values up to it,
// and their count. Values and shares must rise from line to line.
func readDistribution(in io.Reader) ([]tail, error) {
	var all []tail
	lines := bufio.NewScanner(io.LimitReader(in, maxFile))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "Value") {
			continue
		}
		fields := strings.Fields(line)
		if len(fields) < 3 {
			return nil, fmt.Errorf("line %d: must have a value, its percentile and a count", n)
		}
		v, err := strconv.ParseFloat(fields[0], 64)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		q, err := strconv.ParseFloat(fields[1], 64)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if !(v >= 0 && v <= most && q >= 0 && q <= 1) {
			return nil, fmt.Errorf("line %d: %v is not a value with a percentile from 0 to 1", n, line)
		}
		if k := len(all); k > 0 && (v < all[k-1].value || 1-q > all[k-1].larger) {
			return nil, fmt.Errorf("line %d: values and percentiles must rise", n)
		}
		if len(all) == maxRows {
			return nil, fmt.Errorf("it has more than %d lines", maxRows)
		}
		all = append(all, tail{v, 1 - q})
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New("it has no percentiles")
	}
	return all, nil
}
