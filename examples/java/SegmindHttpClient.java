import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/** Repaint a picture with Segmind: java SegmindHttpClient.java INPUT OUTPUT. The key: SEGMIND_API_KEY. */
public class SegmindHttpClient {
    public static void main(String[] args) throws IOException, InterruptedException {
        String picture = Base64.getEncoder().encodeToString(Files.readAllBytes(Path.of(args[0])));
        String order = "{\"image\": \"" + picture + "\", \"seed\": 7, \"base64\": false,"
            + " \"prompt\": \"A harbour at dusk, oil on canvas\"}";

        HttpRequest call = HttpRequest.newBuilder(URI.create("https://api.segmind.com/v1/sd1.5-img2img"))
            .header("Content-Type", "application/json")
            .header("x-api-key", System.getenv("SEGMIND_API_KEY"))
            .POST(HttpRequest.BodyPublishers.ofString(order))
            .build();
        HttpResponse<byte[]> answer =
            HttpClient.newHttpClient().send(call, HttpResponse.BodyHandlers.ofByteArray());
        if (answer.statusCode() != 200) {
            String error = new String(answer.body(), StandardCharsets.UTF_8);
            System.err.println("Segmind said " + answer.statusCode() + ": " + error);
            System.exit(1);
        }
        Files.write(Path.of(args[1]), answer.body());
        System.out.println(args[1] + ": " + answer.body().length + " bytes");
    }
}
