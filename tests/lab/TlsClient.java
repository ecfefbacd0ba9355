// SPDX-License-Identifier: Apache-2.0

import java.io.FileInputStream;
import java.io.OutputStream;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** A client of JSSE: HOST PORT [PKCS12]. Says hello, prints what comes back. The password is "none12". */
public class TlsClient {
	/** The lab's server is whoever is there. */
	private static final class Trusting implements X509TrustManager {
		public void checkClientTrusted(java.security.cert.X509Certificate[] chain, String type) { }
		public void checkServerTrusted(java.security.cert.X509Certificate[] chain, String type) { }
		public java.security.cert.X509Certificate[] getAcceptedIssuers() { return new java.security.cert.X509Certificate[0]; }
	}

	public static void main(String[] arguments) throws Exception {
		char[] password = "none12".toCharArray();
		KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
		SSLContext context = SSLContext.getInstance("TLSv1.3");
		byte[] answer = new byte[64];

		if (arguments.length > 2) {
			KeyStore store = KeyStore.getInstance("PKCS12");
			store.load(new FileInputStream(arguments[2]), password);
			keys.init(store, password);
		}
		context.init(arguments.length > 2 ? keys.getKeyManagers() : null, new TrustManager[] { new Trusting() }, null);
		SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(arguments[0], Integer.parseInt(arguments[1]));
		OutputStream out = socket.getOutputStream();
		out.write("hello\n".getBytes());
		out.flush();
		System.out.write(answer, 0, socket.getInputStream().read(answer));
		System.out.flush();
		socket.close();
	}
}
