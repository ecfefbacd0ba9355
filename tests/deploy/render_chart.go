// SPDX-License-Identifier: Apache-2.0

// Renders a Helm chart with Go's own text/template and those functions that the chart uses, for tests where Helm is
// not at hand. It knows nothing of subcharts, hooks, tpl, lookup or releases; a function it lacks is an error.
//
// usage: go run render_chart.go CHART VALUES.json NAME NAMESPACE > ONE-DOCUMENT-FOR-EACH-TEMPLATE
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"text/template"
)

type files struct{ root string }

func (f files) Get(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(f.root, name))
	return string(text), err
}

func indent(n int, text string) string {
	pad := strings.Repeat(" ", n)
	return pad + strings.ReplaceAll(text, "\n", "\n"+pad)
}

func empty(v interface{}) bool {
	truth, ok := template.IsTrue(v)
	return !ok || !truth
}

// Block style, keys sorted, as Helm's: JSON for whatever is a scalar or empty.
func yaml(v interface{}) (string, error) {
	var lines []string
	scalar := func(v interface{}) (string, bool) {
		r := reflect.ValueOf(v)
		if r.IsValid() && (r.Kind() == reflect.Map || r.Kind() == reflect.Slice) && r.Len() > 0 {
			return "", false
		}
		text, err := json.Marshal(v)
		return string(text), err == nil
	}
	add := func(lead string, v interface{}) error {
		if text, ok := scalar(v); ok {
			lines = append(lines, lead+text)
			return nil
		}
		text, err := yaml(v)
		lines = append(lines, strings.TrimRight(lead, " "), indent(2, text))
		return err
	}
	switch value := v.(type) {
	case map[string]interface{}:
		var keys []string
		for key := range value {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		for _, key := range keys {
			if err := add(key+": ", value[key]); err != nil {
				return "", err
			}
		}
		if len(keys) == 0 {
			return "{}", nil
		}
	case []interface{}:
		for _, item := range value {
			text, ok := scalar(item)
			if !ok {
				var err error
				if text, err = yaml(item); err != nil {
					return "", err
				}
				text = strings.TrimLeft(indent(2, text), " ")
			}
			lines = append(lines, "- "+text)
		}
		if len(value) == 0 {
			return "[]", nil
		}
	default:
		text, _ := scalar(v)
		return text, nil
	}
	return strings.Join(lines, "\n"), nil
}

func dict(pairs ...interface{}) (map[string]interface{}, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict: a key without a value")
	}
	made := map[string]interface{}{}
	for i := 0; i < len(pairs); i += 2 {
		made[pairs[i].(string)] = pairs[i+1]
	}
	return made, nil
}

func integer(v interface{}) (int, error) {
	switch value := v.(type) {
	case float64:
		return int(value), nil
	case int:
		return value, nil
	}
	return 0, fmt.Errorf("int: %T", v)
}

func main() {
	root, name, namespace := os.Args[1], os.Args[3], os.Args[4]
	var values struct{ Values, Chart map[string]interface{} }
	text, err := os.ReadFile(os.Args[2])
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		err = decoder.Decode(&values)
	}
	if err != nil {
		fail(err)
	}
	all := template.New("chart").Option("missingkey=error")
	all.Funcs(template.FuncMap{
		"include": func(name string, data interface{}) (string, error) {
			var out bytes.Buffer
			err := all.ExecuteTemplate(&out, name, data)
			return out.String(), err
		},
		"default": func(other, v interface{}) interface{} {
			if empty(v) {
				return other
			}
			return v
		},
		"quote":      func(v interface{}) string { return fmt.Sprintf("%q", fmt.Sprint(v)) },
		"nindent":    func(n int, text string) string { return "\n" + indent(n, text) },
		"indent":     indent,
		"trunc":      func(n int, text string) string { return text[:min(n, len(text))] },
		"trimSuffix": func(suffix, text string) string { return strings.TrimSuffix(text, suffix) },
		"toYaml":     yaml,
		"dict":       dict,
		"int": func(v interface{}) (int, error) {
			if number, ok := v.(json.Number); ok {
				n, err := number.Int64()
				return int(n), err
			}
			return integer(v)
		},
	})
	paths, _ := filepath.Glob(filepath.Join(root, "templates", "*"))
	sort.Strings(paths)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err == nil {
			_, err = all.New(filepath.Base(path)).Parse(string(text))
		}
		if err != nil {
			fail(err)
		}
	}
	// Helm capitalises what Chart.yaml has.
	chart := map[string]interface{}{"Name": values.Chart["name"], "Version": values.Chart["version"], "AppVersion": values.Chart["appVersion"]}
	data := map[string]interface{}{
		"Values": values.Values, "Chart": chart, "Files": files{root},
		"Release": map[string]interface{}{"Name": name, "Namespace": namespace, "Service": "Helm", "Revision": 1},
	}
	for _, path := range paths {
		if strings.HasPrefix(filepath.Base(path), "_") {
			continue
		}
		out := io.Writer(os.Stdout)
		if filepath.Base(path) == "NOTES.txt" {
			out = io.Discard // no object, but no mistake in it either
		}
		fmt.Fprintf(out, "---\n# Source: %s\n", filepath.Base(path))
		if err := all.ExecuteTemplate(out, filepath.Base(path), data); err != nil {
			fail(err)
		}
	}
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "render_chart:", err)
	os.Exit(1)
}
