package com.example.primes;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

public final class Server {
    private Server() {}

    public static void main(String[] arguments) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(9090), 0);
        server.createContext("/", exchange -> answer(exchange, 200, "ask for /below/NUMBER\n"));
        server.createContext("/below/", Server::primes);
        server.start();
        System.out.println("counting");
    }

    private static void primes(HttpExchange exchange) throws IOException {
        String last = exchange.getRequestURI().getPath().substring("/below/".length());
        try {
            answer(exchange, 200, Primes.below(Integer.parseInt(last)) + "\n");
        } catch (NumberFormatException error) {
            answer(exchange, 400, "not a number: " + last + "\n");
        }
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }
}
