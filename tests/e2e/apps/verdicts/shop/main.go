// Shop serves a page, its files and what it knows of its surroundings.
package main

import (
	"flag"
	"fmt"
	"html/template"
	"log"
	"mime"
	"net"
	"net/http"
	"os"
	"os/signal"
	"os/user"
	"syscall"
	"time"
)

// Values that the linker may set.
var (
	version = "unknown"
	season  = "none"
)

func main() {
	port := flag.String("port", "8080", "where to listen")
	flag.Parse()
	if flag.Arg(0) == "check" {
		check(*port)
		return
	}
	if flag.NArg() > 0 {
		log.Printf("serving, with %v", flag.Args())
	}
	if path := os.Getenv("SHOP_LOG"); path != "" {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			log.Fatal(err)
		}
		log.SetOutput(file)
	}
	pages := template.Must(template.ParseGlob("templates/*.html"))
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		zone := time.Now().Format("MST")
		_ = pages.ExecuteTemplate(w, "index.html", []string{os.Getenv("SHOP_NAME"), zone, version})
	})
	http.Handle("/static/", http.StripPrefix("/static/", http.FileServer(http.Dir("static"))))
	http.HandleFunc("/mail", func(w http.ResponseWriter, r *http.Request) {
		text, err := os.ReadFile("templates/mail/" + r.URL.Query().Get("to") + ".txt")
		answer(w, string(text), err)
	})
	http.HandleFunc("/zone", func(w http.ResponseWriter, r *http.Request) {
		place, err := time.LoadLocation("America/New_York")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, time.Now().In(place).Format("MST"))
	})
	http.HandleFunc("/type", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, mime.TypeByExtension(".till"))
	})
	http.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		me, err := user.Current()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, me.Username, me.Uid)
	})
	http.HandleFunc("/visit", func(w http.ResponseWriter, r *http.Request) {
		answer(w, "noted", os.WriteFile("data/visit", []byte("x"), 0o600))
	})
	http.HandleFunc("/words", func(w http.ResponseWriter, r *http.Request) {
		text, err := os.ReadFile("/usr/local/share/shop/words.txt")
		answer(w, string(text), err)
	})
	http.HandleFunc("/discount", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, discount, season) })
	http.HandleFunc("/key", func(w http.ResponseWriter, r *http.Request) {
		_, err := os.ReadFile("/etc/shop/key")
		answer(w, "signed", err)
	})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() { log.Print("closing on ", <-stop); os.Exit(0) }()
	log.Printf("listening on %s", *port)
	log.Fatal(http.ListenAndServe(":"+*port, nil))
}

func answer(w http.ResponseWriter, text string, err error) {
	if err != nil {
		log.Print(err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, text)
}

func check(port string) {
	connection, err := net.Dial("tcp", "localhost:"+port)
	if err != nil {
		log.Fatal("not healthy: ", err)
	}
	_ = connection.Close()
}
