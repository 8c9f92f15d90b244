import java.io.IOException;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/** Repaint a picture with Segmind: java SegmindUrlConnection.java INPUT OUTPUT. The key: SEGMIND_API_KEY. */
public class SegmindUrlConnection {
    public static void main(String[] args) throws IOException {
        String picture = Base64.getEncoder().encodeToString(Files.readAllBytes(Path.of(args[0])));
        String order = "{\"image\": \"" + picture + "\", \"seed\": 7, \"base64\": false,"
            + " \"prompt\": \"A harbour at dusk, oil on canvas\"}";

        HttpURLConnection connection = (HttpURLConnection)
            URI.create("https://api.segmind.com/v1/sd1.5-img2img").toURL().openConnection();
        connection.setRequestMethod("POST");
        connection.setRequestProperty("Content-Type", "application/json");
        connection.setRequestProperty("x-api-key", System.getenv("SEGMIND_API_KEY"));
        connection.setDoOutput(true);
        try (OutputStream out = connection.getOutputStream()) {
            out.write(order.getBytes(StandardCharsets.UTF_8));
        }
        if (connection.getResponseCode() != 200) {
            String error = new String(connection.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
            System.err.println("Segmind said " + connection.getResponseCode() + ": " + error);
            System.exit(1);
        }
        byte[] answer = connection.getInputStream().readAllBytes();
        Files.write(Path.of(args[1]), answer);
        System.out.println(args[1] + ": " + answer.length + " bytes");
    }
}
