package net.example.tides;

import com.google.gson.Gson;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Answers with the tides of a harbour as JSON. */
public final class Main {
    private record Tide(String time, double metres) {}

    private static final Map<String, List<Tide>> HARBOURS = Map.of(
            "north", List.of(new Tide("04:12", 3.1), new Tide("16:40", 2.9)),
            "south", List.of(new Tide("05:55", 1.2)));

    private Main() {}

    public static void main(String[] words) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
        server.createContext("/", exchange -> {
            String name = exchange.getRequestURI().getPath().substring(1);
            Object found = name.isEmpty() ? HARBOURS.keySet().stream().sorted().toList() : HARBOURS.get(name);
            byte[] body = new Gson().toJson(found).getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(found == null ? 404 : 200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
    }
}
