// Lab is a program of many habits, so that the proof can be tried on each of them. Its first argument says which one.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"html/template"
	"log"
	"math/big"
	"mime"
	"net"
	"net/http"
	"os"
	"os/signal"
	"os/user"
	"strconv"
	"syscall"
	"time"
)

func main() {
	habits := map[string]func(){
		"serve": serve, "stubborn": stubborn, "once": once, "worker": worker, "banner": banner, "late": late,
		"secure": secure, "dies": dies, "udp": udp, "unix": unix, "drip": drip, "garbage": garbage,
		"endless": endless, "check": check, "eat": eat, "local": local, "pair": pair,
	}
	habit, known := habits[os.Args[1]]
	if !known {
		log.Fatalf("unknown habit %s", os.Args[1])
	}
	habit()
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func token() string {
	raw := make([]byte, 12)
	_, _ = rand.Read(raw)
	return hex.EncodeToString(raw)
}

// pages: each needs something of the image.
func pages() *http.ServeMux {
	pages := http.NewServeMux()
	count := 0
	pages.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		page, err := template.ParseFiles("templates/index.html")
		if err != nil {
			log.Print(err)
			http.Error(w, "no page today", http.StatusInternalServerError)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "session", Value: token()})
		_ = page.Execute(w, map[string]string{
			"Greeting": setting("GREETING", "hello"), "Now": time.Now().Format(time.RFC1123), "Token": token(),
		})
	})
	pages.HandleFunc("/zone", func(w http.ResponseWriter, r *http.Request) {
		place, err := time.LoadLocation("Europe/Paris")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, time.Now().In(place).Format("2006-01-02 15:04:05 MST"))
	})
	pages.HandleFunc("/local", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, time.Now().Format("2006-01-02 15:04:05"))
	})
	pages.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		name := "nobody knows"
		if me, err := user.Current(); err == nil {
			name = me.Username
		}
		fmt.Fprintf(w, "uid %d, %s\n", os.Getuid(), name)
	})
	pages.HandleFunc("/json", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"at": time.Now(), "request": token(), "took": time.Since(time.Now()).String(), "greeting": setting("GREETING", "hello"),
		})
	})
	pages.HandleFunc("/count", func(w http.ResponseWriter, r *http.Request) {
		count++
		fmt.Fprintf(w, "visit %d\n", count)
	})
	pages.HandleFunc("/type", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, mime.TypeByExtension(".epub"))
	})
	pages.HandleFunc("/write", func(w http.ResponseWriter, r *http.Request) {
		if err := os.WriteFile("data/visit", []byte("x"), 0o644); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, "written")
	})
	pages.HandleFunc("/certificates", func(w http.ResponseWriter, r *http.Request) {
		if _, err := os.ReadFile("/etc/ssl/certs/ca-certificates.crt"); err != nil {
			http.Error(w, "x509: certificate signed by unknown authority", http.StatusBadGateway)
			return
		}
		fmt.Fprintln(w, "trusted")
	})
	pages.HandleFunc("/move", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, setting("TARGET", "/elsewhere"), http.StatusFound)
	})
	pages.HandleFunc("/dies", func(w http.ResponseWriter, r *http.Request) {
		if _, err := os.Stat("templates"); err != nil {
			log.Print("open templates: no such file or directory")
			os.Exit(3)
		}
		fmt.Fprintln(w, "alive")
	})
	return pages
}

func listen() net.Listener {
	listener, err := net.Listen("tcp", setting("BIND", "")+":"+setting("PORT", "8080"))
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on %s, pid %d, run %s", listener.Addr(), os.Getpid(), token())
	return listener
}

func onStop(end func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() { <-signals; end() }()
}

func serve() {
	onStop(func() { log.Print("bye"); os.Exit(0) })
	if setting("STRICT", "") != "" {
		template.Must(template.ParseFiles("templates/index.html"))
	}
	log.Fatal(http.Serve(listen(), pages()))
}

func stubborn() {
	signal.Ignore(syscall.SIGTERM)
	log.Fatal(http.Serve(listen(), pages()))
}

// late opens its second port a while after the first, as managed runtimes do.
func late() {
	onStop(func() { os.Exit(0) })
	go func() {
		time.Sleep(1500 * time.Millisecond)
		log.Fatal(http.ListenAndServe(":9090", pages()))
	}()
	log.Fatal(http.Serve(listen(), pages()))
}

func secure() {
	onStop(func() { os.Exit(0) })
	pair, err := tls.LoadX509KeyPair("tls.crt", "tls.key")
	if err != nil {
		log.Print(err, ": going on without TLS")
		log.Fatal(http.Serve(listen(), pages()))
	}
	log.Fatal(http.Serve(tls.NewListener(listen(), &tls.Config{Certificates: []tls.Certificate{pair}}), pages()))
}

// each connection is handled by speak.
func accept(speak func(net.Conn)) {
	onStop(func() { os.Exit(0) })
	listener := listen()
	for {
		connection, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() { defer connection.Close(); speak(connection) }()
	}
}

func banner() {
	accept(func(c net.Conn) {
		fmt.Fprintf(c, "220 %s ready, session %s\r\n", setting("GREETING", "lab"), token())
		_, _ = c.Read(make([]byte, 100))
	})
}

func drip() {
	accept(func(c net.Conn) {
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\n\r\n")
		for {
			if _, err := fmt.Fprint(c, "."); err != nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
}

func garbage() {
	accept(func(c net.Conn) { raw := make([]byte, 4096); _, _ = rand.Read(raw); _, _ = c.Write(raw) })
}

func endless() {
	accept(func(c net.Conn) {
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\n\r\n")
		for block := make([]byte, 65536); ; {
			if _, err := c.Write(block); err != nil {
				return
			}
		}
	})
}

func udp() {
	onStop(func() { os.Exit(0) })
	port, _ := strconv.Atoi(setting("PORT", "5353"))
	socket, err := net.ListenUDP("udp", &net.UDPAddr{Port: port})
	if err != nil {
		log.Fatal(err)
	}
	_, _, _ = socket.ReadFrom(make([]byte, 1))
}

func unix() {
	onStop(func() { os.Exit(0) })
	listener, err := net.Listen("unix", setting("SOCKET", "/tmp/lab.sock"))
	if err != nil {
		log.Fatal(err)
	}
	_, _ = listener.Accept()
}

// once ends by itself; what it prints differs each time, but for one line.
func once() {
	fmt.Println("started at", time.Now().Format("2006/01/02 15:04:05"), "pid", os.Getpid())
	words := map[string]int{"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
	for word, number := range words {
		fmt.Println(word, number)
	}
	fmt.Println("run", token(), "took", time.Since(time.Now()))
	fmt.Println("greeting", setting("GREETING", "hello"))
	if content, err := os.ReadFile("settings.txt"); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	} else {
		fmt.Print(string(content))
	}
}

// local prints the time where TZ says that it is.
func local() { fmt.Println("it is", time.Now().Format("15:04:05")) }

func worker() {
	onStop(func() { os.Exit(0) })
	for turn := 0; ; turn++ {
		if _, err := os.ReadFile("settings.txt"); err != nil {
			log.Print("turn failed: ", err)
		} else {
			log.Print("turn ", turn)
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// dies listens for a moment and ends then.
func dies() {
	listener := listen()
	time.Sleep(300 * time.Millisecond)
	listener.Close()
	log.Print("open /etc/lab.conf: no such file or directory")
	os.Exit(4)
}

// pair writes a certificate for localhost and its key.
func pair() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	form := x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0),
	}
	certificate, _ := x509.CreateCertificate(rand.Reader, &form, &form, &key.PublicKey, key)
	private, _ := x509.MarshalECPrivateKey(key)
	write("tls.crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
	write("tls.key", pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}))
}

func write(name string, content []byte) {
	if err := os.WriteFile(name, content, 0o644); err != nil {
		log.Fatal(err)
	}
}

func eat() {
	kept := [][]byte{}
	for {
		block := make([]byte, 16<<20)
		for at := range block {
			block[at] = 1
		}
		kept = append(kept, block)
		fmt.Println(len(kept))
	}
}

// check is a HEALTHCHECK without a tool.
func check() {
	answer, err := http.Get("http://127.0.0.1:" + setting("PORT", "8080") + "/count")
	if err != nil || answer.StatusCode != 200 {
		log.Fatal("not well: ", err)
	}
	if _, err := x509.SystemCertPool(); err != nil {
		log.Fatal(err)
	}
}
